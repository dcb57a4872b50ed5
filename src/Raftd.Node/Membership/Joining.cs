// Joining an existing cluster, and waiting before a new one is founded.

using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Raftd.Store.Commands;

namespace Raftd.Node.Membership;

/// <summary>Asks the members named by -join, one after the other, until one takes this directory in.</summary>
/// <remarks>Uses the client route POST /join, as anybody may, because -join names client addresses.</remarks>
internal sealed class Joining(NodeOptions options, ILogger logger)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    // With delays up to 5 s about ten minutes: long enough for a cluster that is being repaired.
    private const int MaxAttempts = 120;
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(10);
    private const int MaxAnswerBytes = 4 << 20;

    // As the route names it (docs/rest.md).
    private const string LevelTooLow = "level_too_low";

    /// <returns>The identity, now a member's.</returns>
    /// <exception cref="FatalStopException">Refused for good, or nobody answered in all that time.</exception>
    public async Task<MemberIdentity> JoinAsync(MemberIdentity identity, CancellationToken cancellationToken)
    {
        var attempts = 0;
        var pipeline = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<JoinAttemptException>(),
            MaxRetryAttempts = MaxAttempts,
            Delay = FirstDelay,
            MaxDelay = LongestDelay,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            OnRetry = retry =>
            {
                var failure = (JoinAttemptException)retry.Outcome.Exception!;
                NodeLog.JoinRetried(logger, failure.Target, failure.Message, retry.RetryDelay);
                return default;
            },
        }).Build();
        using var client = new HttpClient { Timeout = CallLimit, MaxResponseContentBufferSize = MaxAnswerBytes };
        try
        {
            return await pipeline.ExecuteAsync(
                async token => await AskAsync(client, options.Join[attempts++ % options.Join.Count], identity, token),
                cancellationToken);
        }
        catch (JoinAttemptException failure)
        {
            throw new FatalStopException(
                FatalReason.JoinFailed,
                $"could not join through {string.Join(", ", options.Join)}: {failure.Message}",
                "check that the members are up and that -join names their client addresses",
                failure);
        }
    }

    private async Task<MemberIdentity> AskAsync(
        HttpClient client, string target, MemberIdentity identity, CancellationToken cancellationToken)
    {
        var body = new JoinBody(
            options.Label,
            options.AdvertisedHttpAddress,
            options.AdvertisedPeerAddress,
            identity.Instance.ToString(CultureInfo.InvariantCulture),
            options.Generator,
            FeatureLevel.Newest);
        try
        {
            using var response = await client.PostAsJsonAsync(
                $"http://{target}/join", body, JoinJson.Default.JoinBody, cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                var answer = await ReadAsync(response, JoinJson.Default.JoinAnswer, cancellationToken);
                return Adopt(identity, answer ?? throw new JoinAttemptException(target, "the answer is no raftd's"));
            }

            var refusal = await ReadAsync(response, JoinJson.Default.JoinRefusal, cancellationToken)
                ?? throw new JoinAttemptException(target, $"status {(int)response.StatusCode}, and no raftd answers there");
            throw (int)response.StatusCode is 400 or 409
                ? Refused(target, refusal)
                : new JoinAttemptException(target, refusal.Error);
        }
        catch (Exception unreachable) when (unreachable is HttpRequestException or IOException or FormatException or OverflowException
            || (unreachable is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new JoinAttemptException(target, unreachable.Message);
        }
    }

    private static MemberIdentity Adopt(MemberIdentity identity, JoinAnswer answer) => identity with
    {
        ClusterId = Number(answer.ClusterId),
        MemberId = Number(answer.MemberId),
        Generator = answer.Generator,
        KnownMembers =
        [
            .. answer.Members.Select(member => new MemberInfo
            {
                Id = Number(member.Id),
                Label = member.Label,
                HttpAddress = member.HttpAddr,
                PeerAddress = member.RaftAddr,
                Instance = 0,
                Generator = 0,
                PromoteWhenCaughtUp = false,
            }),
        ],
    };

    private static ulong Number(string text) => ulong.Parse(text, CultureInfo.InvariantCulture);

    /// <returns>Null where somebody else than a raftd answers: whatever it says, it is no reason to give up.</returns>
    private static async Task<T?> ReadAsync<T>(
        HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        try
        {
            return JsonSerializer.Deserialize(bytes, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static FatalStopException Refused(string target, JoinRefusal refusal) => new(
        refusal.Code == LevelTooLow ? FatalReason.NewerLevel : FatalReason.IdentityRefused,
        $"{target} refused to let this member join: {refusal.Error}",
        refusal.Hint.Length > 0 ? refusal.Hint : "see the members at /members");

    /// <summary>One attempt failed; another may succeed.</summary>
    private sealed class JoinAttemptException(string target, string reason) : Exception(reason)
    {
        public string Target { get; } = target;
    }
}
