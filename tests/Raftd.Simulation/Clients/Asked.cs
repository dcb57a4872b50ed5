using Raftd.Contract;

namespace Raftd.Simulation.Clients;

/// <summary>What a client knows once its request has ended.</summary>
internal enum Ending
{
    Done,

    /// <summary>Surely nothing happened, and another attempt may help.</summary>
    NotDone,

    /// <summary>The state refused it.</summary>
    Refused,

    Unknown,
}

internal static class Asked
{
    /// <summary>As the API tells its clients.</summary>
    public static Ending EndingOf(Task request) => request.Exception?.InnerException switch
    {
        null => Ending.Done,
        StoreException { Code: ErrorCode.UnknownOutcome } => Ending.Unknown,
        StoreException { Code: ErrorCode.NoLeader or ErrorCode.TooManyRequests or ErrorCode.NoSpace or ErrorCode.NotReady } =>
            Ending.NotDone,
        StoreException => Ending.Refused,
        var unexpected => throw new SafetyViolationException($"a request ended with {unexpected}"),
    };
}
