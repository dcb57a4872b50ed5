namespace Raftd.Mutations.Table;

/// <summary>Replication of the log: what followers take in, flow control, snapshots.</summary>
internal static class LogMutations
{
    private const string SkipsWhatAgrees = "i < m.Entries.Count && _log.Matches(m.Entries[i].Id)";

    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "matching-suffix-truncated",
            Failures = [18, 24],
            Wrong = "a late or doubled append cuts off what a newer one brought (openraft #1795)",
            In = "RaftNode.AppendMissing",
            Original = SkipsWhatAgrees,
            Broken = "false",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "stale-suffix-survives",
            Failures = [18],
            Wrong = "what stands at an index already is kept, of any term (qdrant PR 1329, unistore #455)",
            In = "RaftNode.AppendMissing",
            Original = SkipsWhatAgrees,
            Broken = "i < m.Entries.Count && m.Entries[i].Index <= LastIndex",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "previous-term-not-compared",
            Failures = [18],
            Wrong = "an append is taken in behind an entry of another term (etcd-io/raft #31)",
            In = "RaftNode.HandleAppend",
            Original = "!_log.Matches(new EntryId(m.LogTerm, m.Index))",
            Broken = "m.Index > LastIndex",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "acknowledges-unchecked-suffix",
            Failures = [18],
            Wrong = "an append is acknowledged up to the end of the follower's log, not of what was compared",
            In = "RaftNode.HandleAppend",
            Original = "MaybeAcknowledgeAppend(m, last);",
            Broken = "MaybeAcknowledgeAppend(m, LastIndex);",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "commit-beyond-append",
            Failures = [18],
            Wrong = "a follower commits up to the leader's commit index entries that it has not compared",
            In = "RaftNode.HandleAppend",
            Original = "_log.CommitTo(Math.Min(m.Commit, last));",
            Broken = "_log.CommitTo(Math.Min(m.Commit, LastIndex));",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "heartbeat-commit-beyond-match",
            Failures = [18, 19],
            Wrong = "a heartbeat carries the commit index to a follower that is not known to share the log so far",
            In = "RaftNode.SendHeartbeat",
            Original = "Math.Min(peer.Match, Commit)",
            Broken = "Commit",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "async-append-aba",
            Failures = [20],
            Wrong = "the report that overwritten entries are durable counts for those in their place (etcd-io/raft)",
            In = "RaftNode.Truncate",
            Original = "_writes.TruncateFrom(conflict.Index);",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "lost-entries-unnoticed",
            Failures = [19],
            Wrong = "a member whose log ends below what it had committed carries on as if nothing were lost (#16220)",
            In = "RaftNode.RaftNode",
            Original = "commit > storage.LastIndex",
            Broken = "false",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "lost-entries-unnoticed-by-heartbeat",
            Failures = [19],
            Wrong = "a leader names a commit index above a follower's log, and the follower thinks nothing of it (cockroach #25173)",
            In = "RaftNode.HandleHeartbeat",
            Original = "m.Commit > LastIndex",
            Broken = "false",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "match-goes-back",
            Failures = [22],
            Wrong = "a late acknowledgement lowers what the peer is known to have",
            In = "Progress.MaybeAdvance",
            Original = "if (index <= Match) { return false; }",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "next-below-match",
            Failures = [22],
            Wrong = "a rejection takes Next back below what the peer has acknowledged (etcd-io/raft #149)",
            In = "Progress.MaybeRetreat",
            Original = "Math.Max(Math.Min(rejected, hint + 1), Match + 1)",
            Broken = "Math.Min(rejected, hint + 1)",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "inflight-bytes-never-released",
            Failures = [22],
            Wrong = "bytes under way are counted and never given back: replication stops (etcd-io/raft #54)",
            In = "Inflights.FreeFirst",
            Original = "Bytes -= _ring[_start].Bytes;",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "lost-append-never-sent-again",
            Failures = [22],
            Wrong = "the answer to a heartbeat says that the peer lives and leads to no append: what was lost stays lost (#14633)",
            In = "RaftNode.HandleHeartbeatResponse",
            Original = "peer.Match < LastIndex || peer.State == ProgressState.Probe",
            Broken = "false",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "probe-paused-for-ever",
            Failures = [22],
            Wrong = "a lost probe is never followed by another (#10308)",
            In = "RaftNode.HandleHeartbeatResponse",
            Original = "peer.ProbeSent = false;",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "unbounded-tail",
            Failures = [23],
            Wrong = "an isolated leader takes in proposals without bound",
            In = "RaftNode.Propose",
            Original = "_uncommittedBytes > 0 && _uncommittedBytes + bytes > _options.MaxUncommittedBytes",
            Broken = "false",
            Suites = [Suite.Raft],
        },
        new()
        {
            Name = "uncommitted-bytes-never-released",
            Failures = [23, 22],
            Wrong = "what is committed stays counted as uncommitted, and in the end every proposal is refused",
            In = "RaftNode.MaybeCommit",
            Original = "_uncommittedBytes -= batch.Bytes;",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "leader-waits-for-failed-snapshot",
            Failures = [21],
            Wrong = "the stream of a snapshot broke off, and the leader waits for its end for ever (dgraph #2707)",
            In = "RaftNode.ReportSnapshot",
            Original = "peer.BecomeProbeAfterSnapshot(ok ? index : peer.Match);",
            Broken = "if (ok) { peer.BecomeProbeAfterSnapshot(index); }",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "snapshot-without-configuration",
            Failures = [13, 36],
            Wrong = "a snapshot's configuration is not taken over: the member goes by an old one",
            In = "RaftNode.Restore",
            Original = "_history.Restart(snapshot.ConfigurationIndex, snapshot.Configuration);",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "late-write-behind-snapshot",
            Failures = [20, 21],
            Wrong = "the late report of a write from before a snapshot counts for the log behind it",
            In = "RaftNode.Restore",
            Original = "_writes.TruncateFrom(1);",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Raft],
        },
        new()
        {
            Name = "log-not-kept-behind-snapshot",
            Failures = [21],
            Wrong = "the log behind a snapshot is let go of while the snapshot is streamed: the follower never catches up (Consul 1.15.0)",
            In = "LogPins.GiveUp",
            Original = "lowest = Math.Min(lowest, pin.Index);",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "log-let-go-before-flush",
            Failures = [21, 32],
            Wrong = "segments are deleted as soon as they are synced, though the state on disk does not cover them yet",
            In = "LogWriter.Covered",
            Original = "Math.Min(Volatile.Read(ref _flushedIndex), pinned) + 1",
            Broken = "_log.State.Commit + 1",
            Suites = [Suite.Simulator, Suite.Node, Suite.PowerLoss],
        },
    ];
}
