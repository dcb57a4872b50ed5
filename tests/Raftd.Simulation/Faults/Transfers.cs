using Raftd.Contract;
using Raftd.Simulation.Clients;
using Raftd.Simulation.Members;

namespace Raftd.Simulation.Faults;

/// <summary>Asks for another leader, of any member, as an operator does.</summary>
internal static class Transfers
{
    public static void Ask(Cluster cluster, Incarnation member, ulong to)
    {
        cluster.Say("admin", $"asks {member.Host.Name} to have m{to} lead");
        AskedOf<ulong>.Send(member, member.Peers.Router.CallAsync(member.Peers.Calls.TransferLeadership, Caller.Nobody, to), (ending, asked) =>
        {
            cluster.Say("admin", $"m{to} is to lead: {ending}");
            SafetyViolationException.Require(
                ending != Ending.Done || asked.Result == to, $"asked to lead was m{to}, and it is said that another does");
        });
    }
}
