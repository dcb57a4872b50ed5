// The way of a request to the leader.
//
// One hop at most: a member that is asked as the leader and does not lead says so and forwards nothing. A request goes to
// the leader as this member sees it; "surely not done" (no connection, not the leader) makes it look for the leader again
// until the request's time is up, which is no_leader. Once a request that changes something may have reached a log, it is
// never sent again: its outcome is unknown, and the caller is told so.

using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Node.Peers;
using Raftd.Node.Replication;
using Raftd.Store.Commands;

namespace Raftd.Node.Service;

internal sealed class LeaderRouter : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(100);

    private readonly MemberIdentity _self;
    private readonly Replica _replica;
    private readonly TimeSpan _timeLimit;
    private readonly ILogger _logger;
    private readonly HttpClient _client = PeerHttp.CreateClient(ConnectTimeout);
    private readonly ResiliencePipeline _search;

    public LeaderRouter(MemberIdentity self, Replica replica, TimeSpan timeLimit, ILogger logger)
    {
        _self = self;
        _replica = replica;
        _timeLimit = timeLimit;
        _logger = logger;
        _search = new ResiliencePipelineBuilder().AddRetry(Searching()).Build();
    }

    /// <summary>Proposes a command at the leader, wherever it is, and gives the applied result.</summary>
    /// <exception cref="StoreException">It was refused, or its outcome is unknown.</exception>
    public async ValueTask<CommandResult> ProposeAsync(ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
    {
        if (_replica.Status.IsLeader)
        {
            var outcome = await _replica.ProposeAsync(command);
            if (outcome.End != ProposalEnd.NotProposed)
            {
                return Result(outcome);
            }
        }

        return await SearchAsync(token => TryProposeAsync(command, token), cancellationToken);
    }

    public async ValueTask<TResponse> CallAsync<TRequest, TResponse>(
        LeaderCall<TRequest, TResponse> call, TRequest request, CancellationToken cancellationToken) =>
        await SearchAsync(token => TryCallAsync(call, request, token), cancellationToken);

    /// <summary>What an ended proposal means to its caller.</summary>
    /// <exception cref="NotLeaderException">Surely not proposed.</exception>
    public static CommandResult Result(ProposalOutcome outcome) => outcome.End switch
    {
        ProposalEnd.Applied => outcome.Result!,
        ProposalEnd.NotProposed => throw new NotLeaderException("this member does not lead"),
        ProposalEnd.TooMany => throw new StoreException(
            ErrorCode.TooManyRequests, "too many writes are waiting", "slow down, and try again"),
        ProposalEnd.QuotaExceeded => throw new StoreException(
            ErrorCode.NoSpace, outcome.Reason,
            "delete keys, or raise -quota-bytes on every member; reads, deletes and smaller writes still work"),
        ProposalEnd.LevelTooLow => throw LevelTooLow(outcome.Reason),
        ProposalEnd.NoSpace => throw new StoreException(
            ErrorCode.NoSpace, "the leader's disk is full", "free space on the leader's disk; reads still work"),
        _ => throw Unknown("the write was proposed and not confirmed in time"),
    };

    /// <summary>As <see cref="Result"/>, for entries that have no result of their own.</summary>
    public static void ThrowUnlessApplied(ProposalOutcome outcome)
    {
        if (outcome.End != ProposalEnd.Applied)
        {
            Result(outcome);
        }
    }

    public void Dispose() => _client.Dispose();

    private RetryStrategyOptions Searching() => new()
    {
        ShouldHandle = new PredicateBuilder().Handle<NotLeaderException>(),
        MaxRetryAttempts = int.MaxValue,
        Delay = FirstDelay,
        MaxDelay = LongestDelay,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        OnRetry = retry =>
        {
            NodeLog.LeaderSought(_logger, retry.Outcome.Exception!.Message, retry.AttemptNumber, retry.RetryDelay);
            return default;
        },
    };

    private async ValueTask<T> SearchAsync<T>(Func<CancellationToken, ValueTask<T>> attempt, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeLimit);
        var lastReason = "none is known";
        try
        {
            return await _search.ExecuteAsync(
                async token =>
                {
                    try
                    {
                        return await attempt(token);
                    }
                    catch (NotLeaderException elsewhere)
                    {
                        lastReason = elsewhere.Message;
                        throw;
                    }
                },
                limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StoreException(
                ErrorCode.NoLeader,
                $"no leader answered within {_timeLimit.TotalSeconds:0.#} s: {lastReason}",
                "a majority of the members must be up and reach each other; see /status and /members of each");
        }
    }

    private async ValueTask<CommandResult> TryProposeAsync(ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
    {
        if (Leader() is not { } leader)
        {
            return Result(await _replica.ProposeAsync(command));
        }

        var body = await SendAsync(leader, PeerPaths.Propose, command, changesState: true, cancellationToken);
        return CommandResultCodec.TryDecode(body, out var result)
            ? result
            : throw Unknown("the leader's answer cannot be read");
    }

    private async ValueTask<TResponse> TryCallAsync<TRequest, TResponse>(
        LeaderCall<TRequest, TResponse> call, TRequest request, CancellationToken cancellationToken)
    {
        if (Leader() is not { } leader)
        {
            return await call.Answer(request, cancellationToken);
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(request, call.RequestType);
        var answer = await SendAsync(leader, PeerPaths.Call + call.Name, body, call.ChangesState, cancellationToken);
        return JsonSerializer.Deserialize(answer, call.ResponseType)!;
    }

    /// <summary>The leader to send to; null when it is this member.</summary>
    private MemberInfo? Leader()
    {
        var status = _replica.Status;
        if (status.FencedBecause is { } fenced)
        {
            throw new StoreException(ErrorCode.NotReady, $"this member is fenced: {fenced}", "ask another member");
        }

        if (status.Leader.Value == _self.MemberId)
        {
            return null;
        }

        return status.Leader.IsNone
            ? throw new NotLeaderException("no leader is known")
            : status.Members.Find(status.Leader.Value)
                ?? throw new NotLeaderException($"the address of leader {status.Leader.Value:x16} is not known yet");
    }

    private async Task<byte[]> SendAsync(
        MemberInfo leader, string path, ReadOnlyMemory<byte> body, bool changesState, CancellationToken cancellationToken)
    {
        var handshake = new PeerHandshake(_self.ClusterId, _self.MemberId, leader.Id, _self.Label, leader.Label);
        using var request = PeerHttp.Post(leader.PeerAddress, path, handshake);
        request.Content = new ReadOnlyMemoryContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        try
        {
            using var response = await _client.SendAsync(request, cancellationToken);
            var answer = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => answer,
                HttpStatusCode.UnprocessableEntity => throw Expected(answer),
                HttpStatusCode.InternalServerError when changesState => throw Unknown("the leader failed while it answered"),
                _ => throw new NotLeaderException(System.Text.Encoding.UTF8.GetString(answer)),
            };
        }
        catch (HttpRequestException failure) when (PeerHttp.NeverArrived(failure) || !changesState)
        {
            throw new NotLeaderException($"the leader {leader.Label} cannot be reached: {failure.Message}");
        }
        catch (Exception lost) when (changesState && lost is HttpRequestException or IOException or OperationCanceledException)
        {
            throw Unknown($"the connection to the leader {leader.Label} was lost before it answered");
        }
    }

    private static StoreException Expected(byte[] answer) =>
        JsonSerializer.Deserialize(answer, CallJson.Default.CallError)!.ToException();

    private static StoreException LevelTooLow(string reason) => new(
        ErrorCode.LevelTooLow, reason, "upgrade every member; the level then rises by itself, and /status shows it");

    private static StoreException Unknown(string why) => new(
        ErrorCode.UnknownOutcome, $"{why}: it may or may not take effect", "read to find out before you try again");
}
