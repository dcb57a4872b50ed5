using Raftd.Simulation.Members;

namespace Raftd.Simulation.Clients;

/// <summary>One client: one request at a time, a pause, the next. Asks the member that it takes for the leader, or just any.</summary>
internal abstract class Client(Cluster cluster, Dice dice, string name)
{
    protected Cluster Cluster { get; } = cluster;

    protected Dice Dice { get; } = dice;

    public string Name { get; } = name;

    /// <summary>No request is under way, and none will follow.</summary>
    public bool HasStopped { get; private set; }

    public bool IsStopping { get; set; }

    /// <summary>Writes acknowledged since the start: the quiet phase waits for more.</summary>
    public int Acknowledged { get; protected set; }

    public void Start() => Rest(1);

    /// <summary>Words are made only for a reader: they would cost more than what they tell of.</summary>
    public bool IsHeard => Cluster.Trace.IsPrinting;

    public void Say(string what) => Cluster.Trace.Detail(Cluster.Scheduler.Now, Name, what);

    public void After(long delay, Action happening) => Cluster.Scheduler.After(delay, happening);

    /// <summary>Often less than an election takes: a client that waits for a member which was cut off would never see what
    /// that member does not know.</summary>
    public long DrawPatience() => Cluster.IsQuiet ? 20 * Scheduler.Second : Dice.Between(Scheduler.Second / 10, 2 * Scheduler.Second);

    protected abstract void Act(Incarnation member);

    /// <summary>Goes on after a pause.</summary>
    protected void Rest(long mean) => Cluster.Scheduler.After(1 + Math.Min(Dice.Exponential(mean), 4 * mean), Next);

    /// <summary>Goes on as clients of this seed do: after a pause, or at once where there is a rush.</summary>
    protected void Think() => Rest(Cluster.RushUntil > Cluster.Scheduler.Now ? Scheduler.Millisecond : Cluster.Swarm.ThinkMicroseconds);

    /// <summary>Goes on after exactly that.</summary>
    protected void RestFor(long delay) => Cluster.Scheduler.After(Math.Max(1, delay), Next);

    /// <summary>A client that wants to stop finishes what it is at; leases may take some requests more.</summary>
    protected virtual bool MayStop => true;

    private void Next()
    {
        if (IsStopping && MayStop)
        {
            HasStopped = true;
            return;
        }

        if (ChooseMember() is { } member)
        {
            Act(member);
        }
        else
        {
            Rest(Scheduler.Second / 10);
        }
    }

    private Incarnation? ChooseMember()
    {
        var running = Cluster.RunningMembers;
        if (running.Count == 0)
        {
            return null;
        }

        var any = Dice.Pick(running);
        return Dice.Chance(0.3) ? any : Cluster.Find(any.Replica.Status.Leader.Value)?.Running ?? any;
    }
}
