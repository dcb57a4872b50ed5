namespace Raftd.Raft.Tests.Support;

/// <summary>Small numbers, so that limits are met early: an election timeout of 10 ticks, a heartbeat each tick.</summary>
internal static class TestOptions
{
    public static RaftOptions For(ulong id, ulong seed = 1000) => new()
    {
        Id = new NodeId(id),
        ElectionTimeoutTicks = 10,
        HeartbeatTicks = 1,
        MaxInflightMessages = 4,
        MaxInflightBytes = 4096,
        MaxMessageBytes = 1024,
        MaxUncommittedBytes = 4096,
        MaxCachedBytes = 256,
        ReadIdSeed = seed,
    };
}
