using Raftd.Raft;

namespace Raftd.Node.Membership;

/// <summary>Configurations as the state keeps them: bytes that it does not look into.</summary>
internal static class Configurations
{
    /// <summary>Nothing is the configuration of a member that waits to be added.</summary>
    public static Configuration Decode(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return Configuration.Empty;
        }

        Invariant.Check(
            Configuration.TryDecode(bytes.Span, out var configuration, out var error), $"a stored configuration is unreadable: {error}");
        return configuration!;
    }
}
