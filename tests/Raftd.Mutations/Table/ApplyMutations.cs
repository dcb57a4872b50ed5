namespace Raftd.Mutations.Table;

/// <summary>The state: what an entry does to it, how it gets to the disk, and how it travels.</summary>
internal static class ApplyMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "applied-index-before-data",
            Failures = [32],
            Wrong = "the applied index is committed before the data it speaks of: a crash between skips entries (#13766)",
            In = "StateMachine.Flush",
            Original = """
                epoch.Store.Write(writer =>
                {
                    frozen.WriteTo(new FlushWriter(writer));
                    Failpoint.Hit(
                        "flush.commit", static errno => new BucketStoreException(BucketStoreFault.Io, $"commit: errno {errno}"));
                });
                """,
            Broken = """
                epoch.Store.Write(writer =>
                {
                    var early = new FlushWriter(writer);
                    frozen.Meta.WriteTo(early.NewValue());
                    early.PutSealed(Bucket.Meta, StoredMeta.Key);
                });
                epoch.Store.Write(writer => frozen.WriteTo(new FlushWriter(writer)));
                """,
            Suites = [Suite.Simulator, Suite.Store],
        },
        new()
        {
            Name = "applied-index-not-saved",
            Failures = [33],
            Wrong = "entries that change no key do not move the applied index: they are applied again after a restart (#11652)",
            In = "FrozenState.WriteTo",
            Original = "writer.PutSealed(Buckets.Bucket.Meta, StoredMeta.Key);",
            Broken = "if (Records.Count > 0) { writer.PutSealed(Buckets.Bucket.Meta, StoredMeta.Key); }",
            Suites = [Suite.Simulator, Suite.Store],
        },
        new()
        {
            Name = "flush-drops-what-came-meanwhile",
            Failures = [32],
            Wrong = "a flush also drops from memory what was applied while it ran",
            In = "StateMachine.Flush",
            Original = "new OverlayHalves(epoch.Halves.Active, Frozen: null)",
            Broken = "new OverlayHalves(new Overlay(), Frozen: null)",
            Suites = [Suite.Simulator, Suite.Store],
        },
        new()
        {
            Name = "leases-not-flushed",
            Failures = [33],
            Wrong = "leases stay out of the transaction that moves the applied index",
            In = "LeasePart.TakeUnflushed",
            Original = "WriteLeases(writer, leases);",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Store],
        },
        new()
        {
            Name = "configuration-not-flushed",
            Failures = [33, 13],
            Wrong = "the applied index is saved without the configuration that belongs to it (#11284)",
            In = "ConfigurationPart.TakeUnflushed",
            Original = "writer.PutSealed(Bucket.Members, Key);",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Store],
        },
        new()
        {
            Name = "condition-looks-at-published-state",
            Failures = [34],
            Wrong = "a conditional put is judged by what readers see, not by the entries before it",
            In = "StateMachine.Apply",
            Original = "_state.Executor.Apply(index, term, «command», isAsked)",
            Broken = """
                CommandCodec.TryDecode(command, out var decoded) && decoded is PutCommand { Condition: { } condition } put
                    ? CommandCodec.Encode(put with
                    {
                        Condition = View().FindLive(put.Key.Span) is { } live
                            ? condition.MustNotExist || condition.ModRevisions?.Contains(live.Revision.Main) == false
                                ? new Contract.Precondition { MustExist = true, MustNotExist = true }
                                : null
                            : condition.MustExist || condition.ModRevisions is not null
                                ? new Contract.Precondition { MustExist = true, MustNotExist = true }
                                : null,
                    }, FeatureLevel.First)
                    : command
                """,
            Suites = [Suite.Simulator, Suite.Store],
        },
        new()
        {
            Name = "apply-depends-on-cache",
            Failures = [34],
            Wrong = "what an entry does depends on what this member happens to have in memory (#18667)",
            In = "Keyspace.ValueOf",
            Original = "stored.Value",
            Broken = "System.Array.Empty<byte>()",
            Suites = [Suite.Simulator, Suite.Store],
        },
        new()
        {
            Name = "divergence-not-compared",
            Failures = [37],
            Wrong = "members tell each other their hashes and do not compare them (etcd post-mortem of v3.5)",
            In = "Verdict.Differs",
            Original = "Own != Theirs",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "hash-without-values",
            Failures = [34, 37],
            Wrong = "the hash covers keys and revisions, not values: members that differ look the same (#15548)",
            In = "RevisionRecord.AddTo",
            Original = "hash.Add(Value);",
            Broken = "",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "revision-given-twice",
            Failures = [58],
            Wrong = "after a restart the last revision is given out again (#17780)",
            In = "KeyspacePart.Load",
            Original = "copy.Keyspace.Revision = meta.Revision;",
            Broken = "copy.Keyspace.Revision = meta.Revision - 1;",
            Suites = [Suite.Simulator, Suite.Store],
        },
        new()
        {
            Name = "alarm-forgotten-at-restart",
            Failures = [79],
            Wrong = "a member that restarts executes writes that the others refuse for the alarm (#13475)",
            In = "AlarmPart.Load",
            Original = "copy.Working.Alarms = «Read(reader)»",
            Broken = "System.Array.Empty<Contract.Alarm>()",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "range-sees-a-later-revision",
            Failures = [57],
            Wrong = "a range at a revision shows changes of the one behind it",
            In = "KeyRecord.TryFindAt",
            Original = "Revision.Main <= main",
            Broken = "Revision.Main <= main + 1",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "compact-revision-unreadable",
            Failures = [57],
            Wrong = "the revision that was compacted to cannot be read (kine #747)",
            In = "ReadableRevisions.Require",
            Original = "at < compactRevision",
            Broken = "at <= compactRevision",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "compaction-loses-a-version",
            Failures = [57, 80],
            Wrong = "compaction also deletes the last version below its revision, which is still readable (kine #311)",
            In = "Keyspace.CleanKey",
            Original = "Math.Max(0, record.LastPastUpTo(CompactRevision))",
            Broken = "record.LastPastUpTo(CompactRevision) + 1",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "snapshot-index-off-by-one",
            Failures = [33],
            Wrong = "a snapshot names an index that its state is ahead of (#13933)",
            In = "StateMachine.ReadSnapshotMeta",
            Original = "meta.Applied.Index",
            Broken = "meta.Applied.Index - 1",
            Suites = [Suite.Simulator, Suite.Store],
        },
        new()
        {
            Name = "snapshot-not-verified",
            Failures = [36],
            Wrong = "what a snapshot's header says is not compared with what came",
            In = "StateMachine.VerifySnapshot",
            Original = "stored.Equals(announced)",
            Broken = "true",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "partial-snapshot-taken-for-whole",
            Failures = [36],
            Wrong = "a snapshot whose stream was cut off counts as received (camunda #6894)",
            In = "SnapshotReceiver.Finish",
            Original = "return «IsComplete» ? Meta!",
            Broken = "true",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "state-without-meta-is-empty",
            Failures = [32, 37],
            Wrong = "a state that has lost the one pair which says of which moment it is counts as one that was never written",
            In = "StateLoader.Load",
            Original = "RequireEmpty(reader);",
            Broken = "",
            Suites = [Suite.Simulator, Suite.Store],
        },
        new()
        {
            Name = "lost-revision-counts-as-compacted",
            Failures = [37],
            Wrong = "a revision that the state has lost is answered as one that was compacted, and the member goes on",
            In = "KeyReader.Find",
            Original = "record is null && at >= epoch.CompactFloor",
            Broken = "false",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "stored-checksum-not-checked",
            Failures = [37],
            Wrong = "what has rotted in the state is taken as it is",
            In = "RevisionCodec.Read",
            Original = "!isKept || Crc32C.Append(head, value) == BinaryPrimitives.ReadUInt32LittleEndian(source[^StoredChecksum.Bytes..])",
            Broken = "true",
            Suites = [Suite.Simulator, Suite.Store],
        },
        new()
        {
            Name = "snapshot-checksum-not-checked",
            Failures = [36],
            Wrong = "chunks of a snapshot are not checked for damage",
            In = "SnapshotReceiver.Handle",
            Original = "header.Crc == crc",
            Broken = "true",
            Suites = [Suite.Store],
        },
    ];
}
