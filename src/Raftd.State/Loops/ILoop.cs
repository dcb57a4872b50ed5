namespace Raftd.State.Loops;

/// <summary>A state machine that a thread steps in the product and the simulator steps in its own order.</summary>
internal interface ILoop
{
    /// <summary>Does the work at hand, and never waits.</summary>
    /// <returns>True when there may be more to do at once.</returns>
    bool Step();

    /// <summary>When the loop must step before the next tick even if nothing arrives: a timestamp of the injected time, null for
    /// never. Asked after each step, on the thread that steps.</summary>
    long? NextDeadline => null;

    /// <summary>Called about once per tick interval, on the thread that steps.</summary>
    void Tick();
}
