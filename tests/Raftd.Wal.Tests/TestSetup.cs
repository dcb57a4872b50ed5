using System.Runtime.CompilerServices;

namespace Raftd.Wal.Tests;

internal static class TestSetup
{
    /// <summary>Before any type of the log reads it: reused buffers are scribbled over.</summary>
    [ModuleInitializer]
    internal static void TurnChecksOn() => Environment.SetEnvironmentVariable("RAFTD_VERIFY", "1");
}
