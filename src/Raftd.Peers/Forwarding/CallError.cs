using Raftd.Contract;

namespace Raftd.Peers.Forwarding;

/// <summary>An expected failure as it travels between members.</summary>
internal sealed record CallError(ErrorCode Code, string Message, string Hint)
{
    public static CallError Of(StoreException failure) => new(failure.Code, failure.Message, failure.Hint);

    public StoreException ToException() => new(Code, Message, Hint);
}
