namespace Raftd.Mutations.Table;

/// <summary>Who asks: believed, forgotten, or not asked for.</summary>
internal static class CallerMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "caller-of-a-peer-is-believed",
            Failures = [74],
            Wrong = "a process that reaches the peer port names a user, or the system, and is believed",
            In = "CallSession.Believed",
            Original = "named.Kind == CallerKind.Nobody ? named : Caller.Nobody",
            Broken = "named",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "apply-asks-for-no-caller",
            Failures = [73],
            Wrong = "what was checked before the proposal is not checked again in apply",
            In = "CommandExecutor.Apply",
            Original = "state.RefuseCaller(decoded.Caller) ?? decoded.Check(state)",
            Broken = "decoded.Check(state)",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "keepalive-unguarded",
            Failures = [71],
            Wrong = "one call of the contract is passed on without asking who calls",
            In = "RightsGuard.KeepAliveAsync",
            Original = "AccessRules.Require(caller);",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "caller-below-its-level",
            Failures = [82],
            Wrong = "what the system proposes has the new layout before every member can read it: it is refused, and no lease ends",
            In = "CommandCodec.LayoutOf",
            Original = "level < FeatureLevel.Callers",
            Broken = "false",
            Suites = [Suite.Store, Suite.Simulator],
        },
        new()
        {
            Name = "call-names-its-caller-below-its-level",
            Failures = [82],
            Wrong = "a call names its caller to a leader of the level before, which takes the mark for a part of the name's length",
            In = "CallCodec.CallerOf",
            Original = "request.Caller.Kind == CallerKind.Nobody || level < FeatureLevel.Callers",
            Broken = "request.Caller.Kind == CallerKind.Nobody",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "data-of-no-key-renews",
            Failures = [],
            Wrong = "a keepalive with data and no key renews the lease, and drops the data without a word",
            In = "LeaseKeeper.KeepAliveAsync",
            Original = "throw new ErrorResult(state.View().Revision, ApplyError.DataWithoutKey).ToException();",
            Broken = "",
            Suites = [Suite.Api],
        },
    ];
}
