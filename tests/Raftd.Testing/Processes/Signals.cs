using System.Runtime.InteropServices;

namespace Raftd.Testing.Processes;

/// <summary>Linux's numbers.</summary>
public enum Signal
{
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}

public static partial class Signals
{
    /// <summary>To the process, or with a negative id to its group. One that has ended already is no error.</summary>
    public static void Send(int processId, Signal signal) => _ = Kill(processId, (int)signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
