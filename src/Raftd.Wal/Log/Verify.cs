namespace Raftd.Wal;

/// <summary>Checks too dear for production, on where RAFTD_VERIFY is set, as in tests and simulation.</summary>
internal static class Verify
{
    /// <summary>What a buffer is filled with once it is free, so that code that kept a span of it is found out.</summary>
    public const byte Scribble = 0xDB;

    public static readonly bool Enabled = Environment.GetEnvironmentVariable("RAFTD_VERIFY") is { Length: > 0 };
}
