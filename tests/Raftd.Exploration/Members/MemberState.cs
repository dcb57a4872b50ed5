using Raftd.Raft;

namespace Raftd.Exploration.Members;

/// <summary>One entry of a log: where it is from, a hash of all of it, and what it configures.</summary>
internal readonly record struct Slot(ulong Term, ulong Hash, Configuration? Configuration)
{
    public bool IsConfiguration => Configuration is not null;

    public bool Equals(Slot other) => Hash == other.Hash;

    public override int GetHashCode() => Hash.GetHashCode();
}

/// <summary>What a leader believes of a peer.</summary>
internal readonly record struct PeerState(int Peer, ulong Match, ulong Next);

/// <summary>What the rules look at: one state of one member, as seen from outside.</summary>
internal sealed class MemberState
{
    public MemberState(Member member)
    {
        var node = member.Node;
        Id = node.Id;
        Role = node.Role;
        Term = node.Term;
        Vote = node.Vote;
        Commit = node.Commit;
        LastIndex = node.LastIndex;
        Stable = node.Stable;
        Configuration = node.Configuration;
        ConfigurationIndex = node.ConfigurationIndex;
        IsRecovering = node.IsRecovering;
        IsPromotable = node.IsPromotable;
        Peers = [.. node.Progress.Select(peer => new PeerState((int)peer.Id.Value - 1, peer.Match, peer.Next))];
        var log = Member.Log(node);
        Applied = log.Applied;
        Log = SlotsOf(log.FirstIndex, ReadAll(log));
        HardState = member.Disk.HardState;
        DurableBase = member.Disk.Base.Index;
        Durable = SlotsOf(member.Disk.FirstIndex, member.Disk.All);
        Writes = member.Writes;
        IsUnreported = member.IsUnreported;
        CanCompact = member.CanCompact;
    }

    public NodeId Id { get; }

    public RaftRole Role { get; }

    public ulong Term { get; }

    public NodeId Vote { get; }

    public ulong Commit { get; }

    public ulong Applied { get; }

    public ulong LastIndex { get; }

    public ulong Stable { get; }

    public Configuration Configuration { get; }

    public ulong ConfigurationIndex { get; }

    public bool IsRecovering { get; }

    public bool IsPromotable { get; }

    public PeerState[] Peers { get; }

    /// <summary>By index; [0] and what is compacted is default.</summary>
    public Slot[] Log { get; }

    /// <summary>The same of the disk.</summary>
    public Slot[] Durable { get; }

    /// <summary>What a durable snapshot stands for.</summary>
    public ulong DurableBase { get; }

    public HardState HardState { get; }

    /// <summary>How many wait for the disk.</summary>
    public int Writes { get; }

    public bool IsUnreported { get; }

    public bool CanCompact { get; }

    public bool IsLeader => Role == RaftRole.Leader;

    public override string ToString() =>
        $"{Role} term={Term} vote={Vote} commit={Commit} log=[{Show(Log)}] durable: term={HardState.Term}"
        + $" vote={HardState.Vote} log=[{Show(Durable)}]{(IsRecovering ? " recovering" : "")}";

    private static string Show(Slot[] slots) =>
        string.Join(' ', slots.Skip(1).Select(slot => slot.Term == 0 ? "-" : slot.IsConfiguration ? $"{slot.Term}c" : $"{slot.Term}"));

    private static List<Entry> ReadAll(RaftLog log)
    {
        var entries = new List<Entry>();
        for (var low = log.FirstIndex; low <= log.LastIndex; low += (ulong)log.Slice(low, log.LastIndex + 1, long.MaxValue).Count)
        {
            entries.AddRange(log.Slice(low, log.LastIndex + 1, long.MaxValue));
        }

        return entries;
    }

    private static Slot[] SlotsOf(ulong firstIndex, IReadOnlyList<Entry> entries)
    {
        var slots = new Slot[firstIndex + (ulong)entries.Count];
        for (var i = 0; i < entries.Count; i++)
        {
            slots[firstIndex + (ulong)i] = SlotOf(entries[i]);
        }

        return slots;
    }

    private static Slot SlotOf(Entry entry)
    {
        var hash = Fingerprint.Mix((entry.Term << 32) | (entry.Index << 8) | (ulong)entry.Kind);
        foreach (var value in entry.Data.Span)
        {
            hash = Fingerprint.Mix(hash + value + 1);
        }

        Configuration? configuration = null;
        if (entry.Kind == EntryKind.Configuration)
        {
            Configuration.TryDecode(entry.Data.Span, out configuration);
        }

        return new Slot(entry.Term, hash, configuration);
    }
}
