namespace Raftd.Mutations.Table;

/// <summary>The log on disk: syncs, names, torn tails and damage.</summary>
internal static class DiskMutations
{
    private const string SyncsData = "«Current.File.SyncData();» } catch";

    private const string FillsAndSyncs = "fill?.Invoke(file); file.Sync();";

    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "sync-skipped",
            Failures = [85],
            Wrong = "the log says that it synced and did not (dotnet/runtime #99445)",
            In = "WriteAheadLog.SyncCurrent",
            Original = SyncsData,
            Broken = "",
            Suites = [Suite.Simulator, Suite.Wal, Suite.PowerLoss],
        },
        new()
        {
            Name = "sync-error-swallowed",
            Failures = [28],
            Wrong = "a failed sync is taken for a good one (PostgreSQL, fsyncgate)",
            In = "WriteAheadLog.SyncCurrent",
            Original = SyncsData,
            Broken = """
                try
                {
                    Current.File.SyncData();
                }
                catch (StorageIoException)
                {
                }
                """,
            Suites = [Suite.Simulator, Suite.Wal],
        },
        new()
        {
            Name = "sync-tried-again",
            Failures = [28],
            Wrong = "after a failed sync the next one is believed, although the kernel has dropped the pages (fsyncgate)",
            In = "WriteAheadLog.ThrowIfFailed",
            Original = "if (_failure is not null) { throw _failure; }",
            Broken = "",
            Suites = [Suite.Wal],
        },
        new()
        {
            Name = "recovered-tail-not-synced",
            Failures = [28],
            Wrong = "what a start reads back from the page cache is trusted and never synced",
            In = "SegmentFiles.Create",
            Original = FillsAndSyncs,
            Broken = "if (fill is null) { file.Sync(); } fill?.Invoke(file);",
            Suites = [Suite.Simulator, Suite.Wal, Suite.PowerLoss],
        },
        new()
        {
            Name = "renamed-before-sync",
            Failures = [29],
            Wrong = "a segment gets its name before its content is durable (dotnet/runtime #32600)",
            In = "SegmentFiles.Create",
            Original = FillsAndSyncs,
            Broken = "fill?.Invoke(file);",
            Suites = [Suite.Simulator, Suite.Wal, Suite.PowerLoss],
        },
        new()
        {
            Name = "directory-not-synced",
            Failures = [29],
            Wrong = "the name of a new segment is not made durable (hashicorp/consul #3362)",
            In = "SegmentFiles.Create",
            Original = "Failpoint.Hit(\"log.rolled\"); «files.SyncDirectory(directory);»",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Wal, Suite.PowerLoss],
        },
        new()
        {
            Name = "roll-without-sync",
            Failures = [26, 29],
            Wrong = "a new segment is begun before the one before is durable: damage in the middle of the log",
            In = "WriteAheadLog.Roll",
            Original = "«SyncCurrent();» var segment",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Wal, Suite.PowerLoss],
        },
        new()
        {
            Name = "torn-tail-taken-for-clean",
            Failures = [26, 27],
            Wrong = "anything behind the last good record is taken for empty space (#6191, #15090)",
            In = "LogRecovery.JudgeEnd",
            Original = "return «remains.End == 0»",
            Broken = "true",
            Suites = [Suite.Simulator, Suite.Wal],
        },
        new()
        {
            Name = "torn-tail-not-remembered",
            Failures = [27],
            Wrong = "a member that lost the end of its log votes and acknowledges as before",
            In = "LogRecovery.ReplayAll",
            Original = "_state.Recovering || tail.Kind == TailKind.Torn",
            Broken = "_state.Recovering",
            Suites = [Suite.Simulator, Suite.Wal],
        },
        new()
        {
            Name = "acknowledged-record-cut-off",
            Failures = [26, 27],
            Wrong = "damage below what was synced is cut off like a torn tail (PAR; #5230)",
            In = "LogRecovery.JudgeEnd",
            Original = "remains.ProofAt > 0 || scan.Offset < segment.Header.Synced || (remains.End > 0 && !isLast)",
            Broken = "false",
            Suites = [Suite.Wal],
        },
        new()
        {
            Name = "data-checksum-not-checked",
            Failures = [26],
            Wrong = "the checksum of the record's header is looked at, and that of its data is not",
            In = "SegmentScan.Check",
            Original = "Crc32C.Append(0, data) != header.DataCrc",
            Broken = "false",
            Suites = [Suite.Simulator, Suite.Wal],
        },
        new()
        {
            Name = "chain-not-checked",
            Failures = [26],
            Wrong = "each record is looked at by itself: one that is missing or of another log goes unnoticed (#18647)",
            In = "SegmentScan.Check",
            Original = "header.Before != Link",
            Broken = "false",
            Suites = [Suite.Wal],
        },
        new()
        {
            Name = "hostile-length",
            Failures = [31],
            Wrong = "a record's length is believed beyond the end of its segment (#14127)",
            In = "SegmentScan.Check",
            Original = "header.Length < 0 || Offset + header.Size > window.End",
            Broken = "false",
            Suites = [Suite.Wal],
        },
        new()
        {
            Name = "reset-keeps-old-segments",
            Failures = [21, 36],
            Wrong = "the log that a snapshot replaced is not superseded by the new one, and comes back at the next start",
            In = "WriteAheadLog.Reset",
            Original = "FirstReplaced: «0»",
            Broken = "Current.Number + 1",
            Suites = [Suite.Simulator, Suite.Wal],
        },
        new()
        {
            Name = "full-disk-for-ever",
            Failures = [30],
            Wrong = "a member whose disk was full refuses writes although there is room again (#3047)",
            In = "LogWriter.NoteRoom",
            Original = "Volatile.Write(ref _isFull, value: false);",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Node],
        },
        new()
        {
            Name = "full-disk-stops-at-delete",
            Failures = [30],
            Wrong = "on a full disk covered segments cannot be deleted, for that syncs first, which needs room (docs/bugs.md)",
            In = "WriteAheadLog.DeleteBelow",
            Original = "«if (HasUnsynced && !TrySync()) { index = Math.Min(index, _syncedIndex); }»",
            Broken = "if (HasUnsynced) { Sync(); }",
            Suites = [Suite.Simulator, Suite.Wal],
        },
    ];
}
