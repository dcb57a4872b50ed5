namespace Raftd.Mutations.Table;

/// <summary>Requests that are read where the connection has put them.</summary>
internal static class CodecMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "request-given-back-too-early",
            Failures = [66],
            Wrong = "the connection's buffer is used again while a handler still reads its key from it",
            In = "GrpcCall.ReadContentAsync",
            Original = "_read = (message.End, message.End);",
            Broken = "{ _read = (message.End, message.End); GiveBack(); }",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "read-outlives-its-deadline",
            Failures = [66],
            Wrong = "a read goes on when its caller's time is up, with a key whose bytes are somebody else's by then",
            In = "NodeService.UntilCancelledAsync",
            Original = "barrier.IsCompleted || !cancellationToken.CanBeCanceled",
            Broken = "true",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "compare-with-another-targets-number",
            Failures = [59],
            Wrong = "a compare of the version takes the number that the client gave for the mod revision",
            In = "TxnReader.ReadCompare",
            Original = "isTargets ? number : 0",
            Broken = "number",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "operation-in-two-parts",
            Failures = [59],
            Wrong = "of an operation that comes in two parts the first is lost, where every library of Protobuf joins them",
            In = "TxnReader.ReadOperation",
            Original = "message.Field == kind",
            Broken = "false",
            Suites = [Suite.Api],
        },
    ];
}
