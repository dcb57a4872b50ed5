using Microsoft.Extensions.Logging;
using Raftd.Contract;
using Raftd.Raft;

namespace Raftd.Node.Membership;

/// <summary>How a directory joins a cluster: which member it asks next and when, until one accepts it.</summary>
/// <remarks>It asks one member after the other, with longer and longer pauses, for about ten minutes: long enough for a
/// cluster that is being repaired. Joining sends the requests and reports each result here.</remarks>
/// <param name="self">An identity without a cluster.</param>
/// <param name="request">The request to each member.</param>
/// <param name="targets">The addresses of members; at least one.</param>
/// <param name="random">Spreads the requests of members that were started together.</param>
/// <param name="logger">Gets a line for each attempt that failed.</param>
internal sealed class JoinAttempts(
    MemberIdentity self, JoinRequest request, IReadOnlyList<string> targets, IRandomSource random, ILogger logger)
{
    private const int MaxAttempts = 120;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private TimeSpan _pause = FirstPause;
    private int _failed;

    public JoinRequest Request => request;

    /// <summary>The member to ask now.</summary>
    public string Target => targets[_failed % targets.Count];

    /// <summary>A member has accepted it.</summary>
    /// <returns>The identity, now with a cluster.</returns>
    public MemberIdentity Joined(JoinResponse answer) => self with
    {
        ClusterId = answer.ClusterId,
        MemberId = answer.MemberId,
        Generator = answer.Generator,
        KnownMembers = [.. answer.Members.Select(Known)],
    };

    /// <summary>The attempt failed without a refusal: another one may succeed.</summary>
    /// <returns>How long to wait before the next attempt.</returns>
    /// <exception cref="FatalStopException">It was the last attempt.</exception>
    public TimeSpan Failed(string reason)
    {
        var target = Target;
        if (++_failed >= MaxAttempts)
        {
            throw new FatalStopException(
                FatalReason.JoinFailed,
                $"could not join through {string.Join(", ", targets)}: {reason}",
                "check that the members are up, and that -join names their client addresses or --initial-cluster their peer addresses");
        }

        // At least half of the pause, so that a target that fails at once is not asked in a tight loop.
        var pause = _pause * (0.5 + (random.Next(512) / 1024.0));
        _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        NodeLog.JoinRetried(logger, target, reason, pause);
        return pause;
    }

    /// <summary>A member has refused it for good.</summary>
    public FatalStopException Refused(ErrorCode code, string error, string hint) => new(
        code == ErrorCode.LevelTooLow ? FatalReason.NewerLevel : FatalReason.IdentityRefused,
        $"{Target} refused to let this member join: {error}",
        hint.Length > 0 ? hint : "see the members at /members");

    /// <summary>The member asked speaks TLS, and this one does not: no other attempt would end differently.</summary>
    public FatalStopException NeedsTls() => new(
        FatalReason.JoinFailed,
        $"{Target} speaks TLS, and this member does not",
        "give this member -cert and -key as the others have, and -join-ca if the system does not know the CA of theirs; with "
        + "--initial-cluster it is -peer-cert, -peer-key and -peer-ca");

    /// <summary>Enough to dial the member until the log says more.</summary>
    private static MemberInfo Known(Member member) => new()
    {
        Id = member.Id,
        Label = member.Label,
        HttpAddress = member.HttpAddress,
        PeerAddress = member.PeerAddress,
        Instance = 0,
        Generator = 0,
        PromoteWhenCaughtUp = false,
    };

    /// <param name="self">Gives the label and the instance.</param>
    /// <param name="httpAddress">host:port where clients will reach it.</param>
    /// <param name="peerAddress">host:port where its peers will reach it.</param>
    /// <param name="generator">The number asked for; null lets the cluster choose.</param>
    /// <param name="level">The newest feature level that this build knows.</param>
    public static JoinRequest RequestOf(
        MemberIdentity self, string httpAddress, string peerAddress, int? generator, int level) => new()
        {
            Label = self.Label,
            HttpAddress = httpAddress,
            PeerAddress = peerAddress,
            Instance = self.Instance,
            Generator = generator,
            FeatureLevel = level,
        };
}
