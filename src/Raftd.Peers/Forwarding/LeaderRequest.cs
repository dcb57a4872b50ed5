using System.Text.Json;
using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Leading;

namespace Raftd.Peers.Forwarding;

/// <summary>One request to the leader, from its caller to its end, wherever the leader is.</summary>
/// <remarks>It ends once: with the answer, with the leader's refusal, with no_leader while surely nothing was done, or with
/// unknown_outcome. Owned by the router, under its lock, but for the end.</remarks>
internal abstract class LeaderRequest
{
    /// <summary>Tells it from the others of this router.</summary>
    public ulong Id { get; set; }

    /// <summary>Timestamp at which its caller is answered, with what is known by then.</summary>
    public required long Deadline { get; init; }

    /// <summary>It was sent, or is being answered here: it may have reached a log.</summary>
    public bool IsUnderWay { get; set; }

    /// <summary>Why the last attempt came to nothing.</summary>
    public string LastReason { get; set; } = "none is known";

    /// <summary>A lost answer leaves the outcome unknown; without it the request is simply asked again.</summary>
    public abstract bool ChangesState { get; }

    /// <summary>The call's name on the wire; empty for a proposal.</summary>
    public abstract string Call { get; }

    /// <summary>Who asks. Of a proposal, its command says so.</summary>
    public Caller Caller { get; init; } = Caller.Nobody;

    /// <summary>The request as it travels.</summary>
    public abstract ReadOnlyMemory<byte> Body { get; }

    public abstract bool IsEnded { get; }

    /// <summary>Gets the request's bytes back when it ends.</summary>
    public ByteBudget? Budget { get; set; }

    /// <summary>The leader's answer.</summary>
    public abstract void Answered(ReadOnlyMemory<byte> answer);

    public abstract void Failed(StoreException failure);

    /// <summary>What the budget was charged for it.</summary>
    public long ChargedBytes { get; set; }

    /// <summary>It has ended: what it held is free.</summary>
    protected virtual void Release() => Budget?.GiveBack(ChargedBytes);

    /// <summary>It may have reached a log, and nothing more will be heard of it.</summary>
    public void Lost(string why) => Failed(Refusals.Unknown(why));

    /// <summary>Its time is up.</summary>
    public void EndOverdue(TimeSpan limit)
    {
        if (IsUnderWay && ChangesState)
        {
            Lost("the leader did not confirm it in time");
        }
        else
        {
            NoLeader(limit);
        }
    }

    private void NoLeader(TimeSpan limit) => Failed(new StoreException(
        ErrorCode.NoLeader,
        $"no leader answered within {limit.TotalSeconds:0.#} s: {LastReason}",
        "a majority of the members must be up and reach each other; see /status and /members of each"));
}

/// <summary>A request with what its caller waits for.</summary>
internal abstract class LeaderRequest<T> : LeaderRequest
{
    private readonly TaskCompletionSource<T> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => _ended.Task;

    public override bool IsEnded => _ended.Task.IsCompleted;

    public override void Failed(StoreException failure)
    {
        if (_ended.TrySetException(failure))
        {
            Release();
        }
    }

    protected void End(T result)
    {
        if (_ended.TrySetResult(result))
        {
            Release();
        }
    }
}

/// <summary>A command for the log.</summary>
internal sealed class ProposeRequest(ReadOnlyMemory<byte> command) : LeaderRequest<CommandResult>
{
    private ReadOnlyMemory<byte> _command = command;

    public override bool ChangesState => true;

    public override string Call => "";

    public override ReadOnlyMemory<byte> Body => _command;

    public override void Answered(ReadOnlyMemory<byte> answer)
    {
        if (CommandResultCodec.TryDecode(answer, out var result))
        {
            End(result);
        }
        else
        {
            Lost("the leader's answer cannot be read");
        }
    }

    /// <summary>Applied here.</summary>
    public void Applied(CommandResult result) => End(result);

    /// <remarks>The router may remember it until its deadline, and a value may be large.</remarks>
    protected override void Release()
    {
        _command = default;
        base.Release();
    }
}

/// <summary>Any other call that only a leader answers.</summary>
internal sealed class CallRequest<TRequest, TResponse>(LeaderCall<TRequest, TResponse> call, TRequest request)
    : LeaderRequest<TResponse>, ILocalCall
{
    public override bool ChangesState => call.ChangesState;

    public override string Call => call.Name;

    public override ReadOnlyMemory<byte> Body => JsonSerializer.SerializeToUtf8Bytes(request, call.RequestType);

    public override void Answered(ReadOnlyMemory<byte> answer)
    {
        if (ForeignJson.TryRead(answer.Span, call.ResponseType, out var response))
        {
            End(response);
        }
        else
        {
            Lost("the leader's answer cannot be read");
        }
    }

    async Task ILocalCall.RunAsync() => End(await call.Answer(Caller, request));
}

/// <summary>A call that this member answers itself, because it leads.</summary>
internal interface ILocalCall
{
    /// <exception cref="NotLeaderException">Surely not done: look elsewhere.</exception>
    /// <exception cref="StoreException">Refused.</exception>
    Task RunAsync();
}
