using Raftd.Raft;

namespace Raftd.Node.Membership;

/// <summary>Configurations as the state keeps them: bytes that it does not read.</summary>
internal static class Configurations
{
    /// <summary>No bytes stand for the configuration of a member that waits to be added.</summary>
    public static Configuration Decode(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return Configuration.Empty;
        }

        return Configuration.TryDecode(bytes.Span, out var configuration)
            ? configuration
            : throw new InvariantViolationException($"a stored configuration of {bytes.Length} bytes is unreadable");
    }
}
