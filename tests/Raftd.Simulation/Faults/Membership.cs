using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Peers.Forwarding;
using Raftd.Raft;
using Raftd.Simulation.Clients;
using Raftd.Simulation.Members;

namespace Raftd.Simulation.Faults;

/// <summary>The administrator: sets up members, which join and are promoted by the leader, and has some removed, by the calls
/// that the product answers.</summary>
/// <remarks>Fair: never fewer than two voters, never more than seven members, and the disk of a removed member is never used
/// again.</remarks>
internal sealed class Membership(Cluster cluster, Dice dice)
{
    private const int MaxMembers = 7;
    private const long MeanPause = Scheduler.Second;

    // A request may wait so long at the member that was asked, and as long again at the leader.
    private const long LongestRequest = 11 * Scheduler.Second;

    private readonly List<Newcomer> _newcomers = [];

    // When each was asked to be removed last, and until when none may be: an earlier request to join may still be under way.
    private readonly SortedDictionary<ulong, long> _removalAsked = [];
    private readonly Dictionary<ulong, long> _staysUntil = [];
    private Configuration _configuration = Configuration.Empty;
    private MemberTable _committed = MemberTable.Empty;
    private ulong _lastId;

    public static MemberInfo Info(ulong id) => new()
    {
        Id = id,
        Label = $"m{id}",
        HttpAddress = $"m{id}:80",
        PeerAddress = $"m{id}:81",
        Instance = id,
        Generator = (int)id,
        PromoteWhenCaughtUp = false,
    };

    /// <summary>Set up, and not taken in yet.</summary>
    public int Newcomers => _newcomers.Count;

    public int Voters => _configuration.Voters.Length;

    public void Start() => cluster.Scheduler.After(dice.Exponential(MeanPause), Change);

    /// <summary>The members of the newest committed configuration.</summary>
    public bool IsMember(ulong id) => _committed.Find(id) is not null;

    /// <summary>From the checker: an entry applied for the first time anywhere is a configuration.</summary>
    public void Committed(Configuration configuration)
    {
        var before = _committed;
        _configuration = configuration;
        _committed = MemberTable.Decode(configuration.Context.Span);
        cluster.Say("admin", $"committed: {configuration}");
        foreach (var gone in before.Members.Where(info => !IsMember(info.Id)))
        {
            // It may not have heard of it, and runs on for a while.
            cluster.Scheduler.After(dice.Exponential(3 * Scheduler.Second), () => Retire(gone.Id));
        }
    }

    /// <summary>A newcomer was taken in, and has its identity.</summary>
    public void Joined(Newcomer newcomer, MemberIdentity identity)
    {
        _newcomers.Remove(newcomer);
        _staysUntil[newcomer.Id] = newcomer.Attempts > 1 ? cluster.Scheduler.Now + LongestRequest : 0;
        var member = cluster.Add(newcomer.Id, founding: null, MemberTable.Of(identity.KnownMembers));
        cluster.Scheduler.After(dice.Exponential(Scheduler.Second / 5), member.Start);
    }

    /// <summary>Peers refused its streams: it was removed, and stops.</summary>
    public void ToldItWasRemoved(ulong id)
    {
        SafetyViolationException.Require(!IsMember(id), $"m{id} is told that it was removed, but it was not");
        cluster.Scheduler.After(dice.Exponential(Scheduler.Second), () => Retire(id));
    }

    /// <summary>The leader is asked to go.</summary>
    public void RemoveLeader()
    {
        if (cluster.Leader is { } leader && leader.Host.PausedUntil <= cluster.Scheduler.Now)
        {
            Remove(leader.Host.Id, [leader]);
        }
    }

    /// <summary>Sets up a machine that joins from now on.</summary>
    /// <returns>The id that it will have.</returns>
    public ulong SetUp()
    {
        _lastId = Math.Max(_lastId, cluster.Members.Max(member => member.Id)) + 1;
        var newcomer = new Newcomer(cluster, _lastId, dice.Fork());
        _newcomers.Add(newcomer);
        newcomer.Ask();
        return _lastId;
    }

    public void Remove(ulong id) => Remove(id, Askable());

    private void Retire(ulong id)
    {
        if (cluster.Find(id) is { IsRetired: false } member)
        {
            member.Retire();
        }
    }

    private void Change()
    {
        if (cluster.IsQuiet)
        {
            return;
        }

        if (dice.Chance(0.6) && cluster.Members.Count + _newcomers.Count < MaxMembers)
        {
            SetUp();
        }
        else if (_committed.Members.Length > 0)
        {
            Remove(dice.Pick(_committed.Members).Id);
        }

        Start();
    }

    /// <summary>Every member that takes itself for the leader, for one that was deposed may not do harm; any where none does.</summary>
    private List<Incarnation> Askable()
    {
        var awake = cluster.RunningMembers.Where(member => member.Host.PausedUntil <= cluster.Scheduler.Now).ToList();
        var leaders = awake.Where(member => member.Raft.Role == RaftRole.Leader).ToList();
        return leaders.Count > 0 || awake.Count == 0 ? leaders : [dice.Pick(awake)];
    }

    private void Remove(ulong id, List<Incarnation> asked)
    {
        if (!MayRemove(id))
        {
            return;
        }

        _removalAsked[id] = cluster.Scheduler.Now;
        foreach (var member in asked)
        {
            cluster.Say("admin", $"asks {member.Host.Name} to remove m{id}");
            AskedOf<Nothing>.Send(
                member, member.Peers.Router.CallAsync(member.Peers.Calls.RemoveMember, Caller.Nobody, id), (ending, _) => Removed(id, ending));
        }
    }

    /// <summary>Two voters stay, even if all that was asked for before is done.</summary>
    private bool MayRemove(ulong id)
    {
        var now = cluster.Scheduler.Now;
        var staying = _configuration.Voters.Count(voter =>
            voter.Value != id && !(_removalAsked.TryGetValue(voter.Value, out var asked) && asked + LongestRequest > now));
        return staying >= 2 && cluster.Find(id) is not null && _staysUntil.GetValueOrDefault(id) <= now;
    }

    private void Removed(ulong id, Ending ending)
    {
        cluster.Say("admin", $"the removal of m{id}: {ending}");

        // Refused is "no such member": two were asked at once, and each has shown that it leads.
        SafetyViolationException.Require(
            ending is not (Ending.Done or Ending.Refused) || !IsMember(id), $"m{id} is said to be removed, but it is not");
    }
}
