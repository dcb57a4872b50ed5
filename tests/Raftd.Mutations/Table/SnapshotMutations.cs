namespace Raftd.Mutations.Table;

/// <summary>Snapshots on their way: the spool, the log behind it, streams that go on, installs that wait.</summary>
internal static class SnapshotMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "pin-ends-with-the-stream",
            Failures = [21],
            Wrong = "the log behind a snapshot goes as soon as it is streamed: under writes the peer needs another one, for ever (docs/bugs.md)",
            In = "SpoolLease.TakePin",
            Original = "«_ownsPin = false;» return _pin!;",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Node],
        },
        new()
        {
            Name = "pin-ends-at-any-acknowledgement",
            Failures = [21],
            Wrong = "the log behind a snapshot goes as soon as the peer takes entries, however far behind it is",
            In = "PeerPins.Look",
            Original = "peer.Replicates && peer.Match + 1 >= _log.RetainedFrom",
            Broken = "peer.Replicates",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "log-need-not-taken-over",
            Failures = [21],
            Wrong = "a new leader lets go of the log that a peer catches up by",
            In = "PeerPins.TakeOver",
            Original = "Replace(peer.Id, _log.Pins.AddWhatIsLeft(word.Index));",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "log-need-of-a-former-term",
            Failures = [21],
            Wrong = "what a leader of before asked to keep counts for the leader of now",
            In = "PeerPins.Follow",
            Original = "report.Need.Term == term",
            Broken = "report.Need.Term >= 0",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "log-kept-for-the-silent",
            Failures = [21, 23],
            Wrong = "the log is kept for a peer that has not been heard of for hours",
            In = "PeerPins.Look",
            Original = "_time.GetElapsedTime(held.HeardAt) >= LongestSilence",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "pins-keep-any-amount-of-log",
            Failures = [21, 30],
            Wrong = "a peer that is slower than the writes fills the disk of its leader with log",
            In = "LogWriter.LowestPinnable",
            Original = "bytes > maxBytes",
            Broken = "bytes > long.MaxValue / 2",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "pin-lost-where-the-log-stays-anyway",
            Failures = [21, 30],
            Wrong = "more log behind what is flushed than pins may keep: the peer that would commit it never gets its snapshot",
            In = "LogWriter.Tick",
            Original = "Math.Min(LowestPinnable(segments, MaxPinnedBytes()), LowestNeeded(retained))",
            Broken = "LowestPinnable(segments, MaxPinnedBytes())",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "readers-open-stop-the-flusher",
            Failures = [40, 41],
            Wrong = "a reader that keeps the state from growing ends the process",
            In = "Flusher.TryFlush",
            Original = "waiting.Fault == BucketStoreFault.ReadersOpen",
            Broken = "waiting.Fault == BucketStoreFault.ReadersFull",
            Suites = [Suite.Simulator, Suite.Node],
        },
        new()
        {
            Name = "snapshot-in-the-way-of-growth",
            Failures = [40, 41],
            Wrong = "a snapshot keeps its reader although the state has to grow",
            In = "SnapshotSender.WriteNextChunk",
            Original = "_reader.MustYield",
            Broken = "false",
            Suites = [Suite.Node, Suite.Store],
        },
        new()
        {
            Name = "spool-begun-without-room",
            Failures = [30],
            Wrong = "a snapshot is spooled until the disk is full, for the log as well",
            In = "SnapshotSpooler.TryBegin",
            Original = "«RequireRoom();» _writer",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "spool-left-on-a-full-disk",
            Failures = [30],
            Wrong = "the part of a snapshot that still fitted stays on the full disk",
            In = "SnapshotSpooler.Abort",
            Original = "Delete(writer.Path);",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "spool-shared-without-its-log",
            Failures = [21],
            Wrong = "a newcomer gets a snapshot behind which the log is gone: it needs another one at once",
            In = "SnapshotSpooler.TryLease",
            Original = "_pins.TryAdd(snapshot.Meta.Index)",
            Broken = "_pins.AddWhatIsLeft(snapshot.Meta.Index)",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "damaged-pair-spooled",
            Failures = [36, 37],
            Wrong = "what has rotted in the state is sent to the peers",
            In = "SpoolWriter.SpoolWriter",
            Original = "Verify = «StateMachine.VerifyPair»",
            Broken = "static (_, _, _) => { }",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "rotten-spool-handed-out",
            Failures = [36],
            Wrong = "a chunk that has rotted in its file is streamed, and refused by its receiver, again and again",
            In = "SnapshotChunks.Read",
            Original = "header.Crc != SnapshotFormat.Checksum(target, place.PreviousCrc)",
            Broken = "false",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "stream-goes-on-behind-half-a-chunk",
            Failures = [21, 36],
            Wrong = "the next stream's first chunk is taken for the rest of the one that the former brought in part",
            In = "SnapshotReceiver.EndStream",
            Original = "ReceivedBytes -= _filled; «_filled = 0;»",
            Broken = "",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "install-replaced-under-the-core",
            Failures = [35, 36],
            Wrong = "a snapshot that the core is about to install is thrown away for the next one",
            In = "StateDirectory.AbandonInstall",
            Original = "Invariant.Check(!_isHandedOver, \"an installation was thrown away that the core had not decided about\");",
            Broken = "",
            Suites = [Suite.Store],
        },
    ];
}
