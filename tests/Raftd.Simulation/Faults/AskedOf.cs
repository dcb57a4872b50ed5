using Raftd.Simulation.Clients;
using Raftd.Simulation.Members;

namespace Raftd.Simulation.Faults;

/// <summary>A call of the administrator that is under way at one start of a member.</summary>
/// <param name="asked">The call; it ends by itself, unless that member does first.</param>
/// <param name="ended">Told what came of it, once.</param>
internal sealed class AskedOf<T>(Task<T> asked, Action<Ending, Task<T>> ended) : IWaiting
{
    public static void Send(Incarnation member, Task<T> asked, Action<Ending, Task<T>> ended)
    {
        var call = new AskedOf<T>(asked, ended);
        if (!call.TryEnd())
        {
            member.Waiting.Add(call);
        }
    }

    public bool TryEnd()
    {
        if (asked.IsCompleted)
        {
            ended(Asked.EndingOf(asked), asked);
        }

        return asked.IsCompleted;
    }

    public void Lost() => ended(Ending.Unknown, asked);
}
