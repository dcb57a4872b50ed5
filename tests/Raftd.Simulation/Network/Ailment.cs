
namespace Raftd.Simulation.Network;

/// <summary>Of one directed link.</summary>
/// <param name="Until">The scheduler's time at which it is well again.</param>
/// <param name="Loss">Share of the messages that are lost on top of the network's own.</param>
/// <param name="Delay">Microseconds that each message takes longer.</param>
internal readonly record struct Ailment(long Until, double Loss, long Delay);
