namespace Raftd.Mutations.Table;

/// <summary>What operators ask of one member: hashes by which members are compared, backups.</summary>
internal static class MaintenanceMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "history-hash-of-two-compactions",
            Failures = [37],
            Wrong = "a compaction in the middle of the hash is overlooked: the keys of one compact revision, and some of the next",
            In = "KeyReader.Image",
            Original = "CheckRevision(at);",
            Broken = "",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "history-hash-goes-on-with-the-writes",
            Failures = [37],
            Wrong = "what is written while the hash is made is hashed too: members that are the same differ",
            In = "HistoryHasher.AddChanges",
            Original = "change => change.Revision.Main <= Revision",
            Broken = "change => true",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "hashes-without-bound",
            Failures = [],
            Wrong = "any number of calls that work through the whole state wait for each other",
            In = "WorkQueue.EnterAsync",
            Original = "Interlocked.Increment(ref _inside) > atOnce + maxWaiting",
            Broken = "Interlocked.Increment(ref _inside) > int.MaxValue - 1",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-without-padding",
            Failures = [],
            Wrong = "a backup has the size that it happens to have: etcdctl misses its digest, and throws it away",
            In = "BackupFile.ContentBytes",
            Original = "(backup.Bytes + SectorBytes - 1) / SectorBytes * SectorBytes",
            Broken = "backup.Bytes",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "backup-without-the-last-writes",
            Failures = [],
            Wrong = "a backup has what is flushed by then, and not all that clients were told before they asked for it",
            In = "NodeService.SpoolAsync",
            Original = "_spooler.Request(«applied», keepsLog",
            Broken = "0",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "slow-backups-keep-peers-waiting",
            Failures = [21, 56],
            Wrong = "two clients that read their backups slowly, or not at all, hold the room that a peer's snapshot needs",
            In = "SnapshotSpooler.MakeRoomForPeers",
            Original = "yielding?.Revoke();",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "slow-backups-last-for-ever",
            Failures = [],
            Wrong = "each piece of a backup has its time, and all of them together as long as they like",
            In = "SnapshotStream.RunAsync",
            Original = "patience.Token.Register(call.End)",
            Broken = "patience.Token.Register(static () => { })",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "defragmentation-forgets-writes",
            Failures = [80],
            Wrong = "what is written behind the cursor of the copy stays in the old file",
            In = "CompactCopy.Note",
            Original = "_cursor.IsAtOrBehind(bucket, key)",
            Broken = "false",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "defragmentation-forgets-the-edge",
            Failures = [80],
            Wrong = "a write to the very key that was copied last is taken for one that the cursor will come to",
            In = "CompactCopy.Place.IsAtOrBehind",
            Original = "key.SequenceCompareTo(LastKey) <= 0",
            Broken = "key.SequenceCompareTo(LastKey) < 0",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "defragmentation-survives-an-install",
            Failures = [35],
            Wrong = "a defragmentation that an install has overtaken puts the old state into the new one's place",
            In = "StateDirectory.TryReplace",
            Original = "_defragmentation?.Abandon();",
            Broken = "",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "install-over-a-retired-file",
            Failures = [35],
            Wrong = "an install does not wait for the readers of the file before the last defragmentation, which hold its locks",
            In = "StoreHandle.TryClose",
            Original = "IsSettled && _store.TryClose()",
            Broken = "_store.TryClose()",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "defragmentations-side-by-side",
            Failures = [80],
            Wrong = "a second caller gets the end of the first one's, or none at all",
            In = "Defragmenter.Request",
            Original = "_asked is not null",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "authority-with-a-scheme-resets",
            Failures = [],
            Wrong = "a client that names a member's whole URL as the authority gets its stream reset (docs/bugs.md)",
            In = "AuthorityEncoding.ForHeader",
            Original = "name == Authority",
            Broken = "false",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "restore-over-data",
            Failures = [81],
            Wrong = "a restore replaces what a directory holds",
            In = "FirstMember.RequireEmpty",
            Original = "Directory.EnumerateFileSystemEntries(target).Any()",
            Broken = "target.Length == 0",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "restored-into-the-old-configuration",
            Failures = [81],
            Wrong = "a restored member begins without a first configuration: it counts the members of the lost cluster",
            In = "RaftdMember.Found",
            Original = "wal.LastIndex > restored.Index",
            Broken = "wal.LastIndex > restored.Index || restored.Index > 0",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "raised-revision-keeps-history",
            Failures = [81],
            Wrong = "a cluster that begins at a later revision does not tell watches that what they saw is gone",
            In = "NewState.RaiseRevision",
            Original = "state.Keyspace.Compact(raised);",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "backup-longer-than-itself",
            Failures = [81],
            Wrong = "a file with something behind its digest passes for a backup",
            In = "BackupReader.ReadTrailer",
            Original = "_fileBytes != _readBytes + bytes",
            Broken = "_fileBytes < _readBytes + bytes",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "backup-digest-not-asked",
            Failures = [81],
            Wrong = "a backup whose padding or digest is damaged passes",
            In = "BackupReader.ReadTrailer",
            Original = "digest.AsSpan().SequenceEqual(trailer[padding..bytes])",
            Broken = "digest.Length > 0",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "backup-not-synced",
            Failures = [81],
            Wrong = "a scheduled backup has its name before its bytes are durable",
            In = "BackupCopy.Write",
            Original = "file.Sync();",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "backups-of-others-deleted",
            Failures = [81],
            Wrong = "a member that shares the directory of its backups deletes those of the others",
            In = "BackupDirectory.IsOwn",
            Original = "name.MemberId == memberId",
            Broken = "name.MemberId > 0",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "newest-backup-by-the-clock",
            Failures = [81],
            Wrong = "after the clock is set back, each new backup is taken for the oldest and deleted",
            In = "BackupDirectory.Backups",
            Original = "name.Revision",
            Broken = "name.Time.Ticks",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "backup-at-each-restart",
            Failures = [81],
            Wrong = "a member that restarts often makes backups often, and the old ones go",
            In = "BackupSchedule.Resume",
            Original = "age < options.Interval",
            Broken = "age < TimeSpan.Zero",
            Suites = [Suite.Node],
        },
    ];
}
