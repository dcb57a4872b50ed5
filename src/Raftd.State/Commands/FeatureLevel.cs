// Feature levels: what makes members of two builds understand each other while a cluster is upgraded, one by one.
//
// Every form that crosses between members, or that a later start reads, belongs to a level:
//
//   level  commands   results  hash chain             between members                        state and snapshots
//   1      layout 1   1        StateHash; codes and   Raft messages 1, reports of 26 bytes   meta 1, revisions 1, leases 2,
//                              numbers, no texts      and more, calls as JSON                log segments as wal-format.md
//   2      layout 2   layout 2 as level 1, without    a call may name its caller (CallCodec) as level 1
//                              what was only read
//
// The rules, which a change of any form keeps:
//
//   1. The cluster has one level. It is replicated state, 1 in the empty state of every build, and only rises.
//   2. What is written, sent and hashed is of the cluster's level, never of the newest that the build knows.
//   3. A build reads all levels from First to Newest. So a member may know more than the cluster, and never less.
//   4. Members announce the newest level that they know (MemberReport). Once all announce more than the cluster has, the
//      leader raises it by an entry (LevelRaiser). No member that knows less joins afterwards (JoinChange).
//   5. What meets a newer level than it knows says so and stops: NewerLevelException, never "corrupt".
//
// A change of a form takes the next number: raise Newest, add a row above, write the new form from that level on and the
// old one below it, and name the last commit of the level before in tests/levels.

namespace Raftd.State.Commands;

/// <summary>The feature levels that this build knows. A level is a number from 1 to 255.</summary>
public static class FeatureLevel
{
    /// <summary>Of the empty state, in every build: so all members that read the log from its beginning agree.</summary>
    public const int First = 1;

    /// <summary>Brought callers: into commands, and into calls between members.</summary>
    public const int Callers = 2;

    /// <summary>Brought transactions, puts that keep a value or a lease, and deletions that answer what they deleted.</summary>
    public const int Transactions = 2;

    /// <summary>The newest that the product knows.</summary>
    internal const int Released = Callers;

#if NEXT_LEVEL
    /// <summary>The newest that this build knows: one more than the product, to test upgrades with.</summary>
    public const int Newest = Released + 1;
#else
    /// <summary>The newest that this build knows.</summary>
    public const int Newest = Released;
#endif
}
