using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.State.Commands;
using Raftd.Store;
using Raftd.Store.Lmdb;
using Raftd.Wal;

namespace Raftd.Node.Tests;

/// <summary>The data directory of a member that stopped, made entry by entry: the log has all of them, the state the first
/// few.</summary>
internal sealed class LeftDirectory
{
    public const ulong ClusterId = 77;

    private static readonly WalOptions SmallLog = new() { SegmentSizeBytes = 256 << 10, MaxRecordBytes = 128 << 10, ReserveBytes = 0 };

    private readonly List<LogEntry> _entries = [];

    /// <param name="path">Where; does not exist yet.</param>
    /// <param name="id">The member's number, and its label.</param>
    public LeftDirectory(string path, ulong id) => (Path, Id) = (path, id);

    public string Path { get; }

    public ulong Id { get; }

    public ulong Term { get; set; } = 1;

    public ulong Cluster { get; init; } = ClusterId;

    public string? FencedBecause { get; init; }

    /// <summary>A torn tail was met and no leader has made the log whole since.</summary>
    public bool IsRecovering { get; init; }

    private string Log => System.IO.Path.Combine(Path, MemberStart.LogFolder);

    private string State => System.IO.Path.Combine(Path, "state", "data.mdb");

    /// <summary>An entry for each key, with itself as its value.</summary>
    public LeftDirectory Put(params string[] keys)
    {
        foreach (var key in keys)
        {
            var put = new PutRequest { Key = Bytes(key), Value = Bytes(key) };
            Add(EntryKind.Normal, new CommandFactory(Caller.Nobody, FeatureLevel.First).Put(put));
        }

        return this;
    }

    /// <summary>Keys of this many bytes each, from prefix/000000 on.</summary>
    public LeftDirectory PutMany(string prefix, int count, int valueBytes)
    {
        for (var i = 0; i < count; i++)
        {
            var put = new PutRequest { Key = Bytes($"{prefix}/{i:000000}"), Value = new byte[valueBytes] };
            Add(EntryKind.Normal, new CommandFactory(Caller.Nobody, FeatureLevel.First).Put(put));
        }

        return this;
    }

    public LeftDirectory DeleteBelow(string prefix)
    {
        var delete = new DeleteRangeRequest { Key = Bytes($"{prefix}/"), RangeEnd = Bytes($"{prefix}0") };
        Add(EntryKind.Normal, new CommandFactory(Caller.Nobody, FeatureLevel.First).DeleteRange(delete));
        return this;
    }

    /// <summary>A lease that has been silent for a while.</summary>
    public LeftDirectory Grant(long lease, long ttlSeconds, long leftSeconds)
    {
        var commands = new CommandFactory(Caller.Nobody, FeatureLevel.First);
        Add(EntryKind.Normal, commands.LeaseGrant(lease, "/left", ttlSeconds, unique: false, LeaseKind.Etcd));
        Add(EntryKind.Normal, commands.LeaseCheckpoint(
            new LeaseCheckpointCommand(Term, [new LeaseRemaining(lease, Generation: 1, leftSeconds * 1000)], [])));
        return this;
    }

    public LeftDirectory Configure(ulong[] voters, params ulong[] learners)
    {
        var table = MemberTable.Of(voters.Concat(learners).Select(id => new MemberInfo
        {
            Id = id,
            Label = LabelOf(id),
            HttpAddress = $"127.0.0.1:{id}",
            PeerAddress = $"127.0.0.2:{id}",
            Instance = id,
            Generator = (int)id,
            PromoteWhenCaughtUp = learners.Contains(id),
        }));
        var configuration = new Configuration(
            voters.Select(static id => new NodeId(id)), learners.Select(static id => new NodeId(id)), table.Encode());
        Add(EntryKind.Configuration, configuration.Encode());
        return this;
    }

    /// <summary>Writes it all.</summary>
    /// <param name="applied">Entries in the state on disk.</param>
    /// <param name="syncsEach">Each entry is durable before the next is made: damage to it cannot pass for a torn end.</param>
    public LeftDirectory Write(int applied, bool syncsEach = true)
    {
        var files = new PosixFileSystem();
        DataDirectory.Prepare(files, Path);
        DirectoryLock.Acquire(Path).Dispose();
        new IdentityFile(files, Path).Save(new MemberIdentity
        {
            Format = MemberIdentity.CurrentFormat,
            Instance = Id,
            Label = LabelOf(Id),
            ClusterId = Cluster,
            MemberId = Id,
            HasStarted = true,
            FencedBecause = FencedBecause,
        });
        WriteLog(_entries, (ulong)applied, syncsEach);
        using var directory = StateDirectory.Open(Path);
        using var state = StateMachine.Open(directory, new StoreOptions());
        foreach (var entry in WalRaftStorage.EntriesOf(_entries).Take(applied))
        {
            EntryApply.Begin(state, entry, isAsked: false);
        }

        state.Publish();
        if (state.TryFreeze(out var frozen))
        {
            state.Flush(frozen);
        }

        return this;
    }

    /// <summary>As where a crash came between a snapshot's install and the restart of the log.</summary>
    public void ShortenLog(int entries)
    {
        DeleteLog();
        WriteLog(_entries.Take(entries), (ulong)entries, syncsEach: true);
    }

    /// <summary>A bit of the first record with this text, in the newest segment.</summary>
    public void DamageLogAt(string text) => Flip(Directory.GetFiles(Log, "*.wal").Order(StringComparer.Ordinal).Last(), text);

    /// <summary>The first place with this text, in the file of the state.</summary>
    public void DamageStateAt(string text) => Flip(State, text);

    public long StateBytes => new FileInfo(State).Length;

    public void CutState(long bytes = 0)
    {
        using var file = File.OpenHandle(State, access: FileAccess.Write);
        RandomAccess.SetLength(file, bytes);
    }

    /// <summary>As a write that a crash has cut: behind the last record.</summary>
    public void TearTail()
    {
        var path = Directory.GetFiles(Log, "*.wal").Order(StringComparer.Ordinal).Last();
        var bytes = File.ReadAllBytes(path);
        bytes[Array.FindLastIndex(bytes, static b => b != 0) + 24] = 1;
        File.WriteAllBytes(path, bytes);
    }

    public void DeleteLog() => Directory.Delete(Log, recursive: true);

    /// <summary>Not in the order of the numbers, which are drawn in a real cluster.</summary>
    public static string LabelOf(ulong id) => $"node{100 - id:00}";

    private static void Flip(string path, string text)
    {
        var bytes = File.ReadAllBytes(path);
        var at = bytes.AsSpan().IndexOf(Bytes(text));
        Assert.True(at > 0, $"{text} is not in {path}");
        bytes[at] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private void WriteLog(IEnumerable<LogEntry> entries, ulong commit, bool syncsEach)
    {
        using var log = WriteAheadLog.Open(new PosixFileSystem(), Log, SmallLog);
        foreach (var entry in entries)
        {
            log.Append([entry], new LogState(entry.Term, 0, Math.Min(entry.Index, commit), IsRecovering));
            if (syncsEach)
            {
                log.Sync();
            }
        }

        log.Sync();
    }

    private void Add(EntryKind kind, ReadOnlyMemory<byte> data) =>
        _entries.Add(new LogEntry(Term, (ulong)_entries.Count + 1, (byte)kind, data));

    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
