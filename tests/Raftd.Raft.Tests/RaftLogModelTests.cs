using Raftd.Testing.Cores;

namespace Raftd.Raft.Tests;

/// <summary>
/// The log in memory and storage against a plain list, with writes that become durable late, truncations, compactions
/// and snapshots in between (failures 18 and 20 of docs/failures.md).
/// </summary>
public sealed class RaftLogModelTests
{
    private const long CachedBytes = 200;

    [Fact]
    public void Log_RandomUse_AgreesWithAList()
    {
        for (var seed = 1; seed <= 30; seed++)
        {
            new Run(seed).Steps(2000);
        }
    }

    private sealed class Run(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly CoreDisk _storage = new();
        private readonly InflightWrites _writes = new();
        private readonly Queue<(ulong Sequence, EntryId? Snapshot, IReadOnlyList<Entry> Entries)> _disk = new();
        private readonly List<EntryId> _model = [default];
        private RaftLog _log = null!;
        private ulong _modelStart;
        private ulong _sequence;
        private ulong _term = 1;

        public void Steps(int count)
        {
            _log = new RaftLog(_storage, commit: 0, applied: 0, CachedBytes);
            for (var i = 0; i < count; i++)
            {
                Act();
                Check();
            }
        }

        private void Act()
        {
            switch (_random.Next(20))
            {
                case < 8: Append(_random.Next(1, 4)); break;
                case < 10: Truncate(); break;
                case < 13: HandOut(snapshot: null); break;
                case < 16: CompleteWrite(); break;
                case < 18: CommitAndApply(); break;
                case < 19: Compact(); break;
                default: MaybeRestore(); break;
            }
        }

        private void Append(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var id = new EntryId(_term, _log.LastIndex + 1);
                _log.Append(new Entry(id, EntryKind.Normal, default));
                _model.Add(id);
            }
        }

        private void Truncate()
        {
            if (_log.LastIndex == _log.Commit)
            {
                return;
            }

            var from = _log.Commit + 1 + (ulong)_random.Next((int)(_log.LastIndex - _log.Commit));
            _log.TruncateFrom(from);
            _writes.TruncateFrom(from);
            _model.RemoveRange((int)(from - _modelStart), (int)(_modelStart + (ulong)_model.Count - from));
            _term++;
            Append(1);
        }

        private void HandOut(EntryId? snapshot)
        {
            _disk.Enqueue((++_sequence, snapshot, _log.TakeUnwritten()));
            _writes.Add(new InflightWrites.Write(_sequence, _log.LastIndex, _term, 0));
        }

        private void CompleteWrite()
        {
            if (_disk.TryDequeue(out var write))
            {
                if (write.Snapshot is { } snapshot)
                {
                    _storage.Restart(new SnapshotMetadata(snapshot, Configuration.Empty, 0));
                }

                _storage.Append(write.Entries);
                Assert.True(_writes.TryComplete(write.Sequence, out var lastIndex, out _));
                _log.StableTo(lastIndex);
            }
        }

        private void CommitAndApply()
        {
            _log.CommitTo(_log.Commit + (ulong)_random.Next((int)(_log.LastIndex - _log.Commit) + 1));
            var expected = _log.Applying + 1;
            foreach (var entry in _log.TakeCommitted(maxBytes: 100))
            {
                Assert.Equal(At(expected++), entry.Id);
                Assert.True(entry.Index <= _log.Stable && entry.Index <= _log.Commit);
                _log.AppliedTo(entry.Index);
            }
        }

        private void Compact()
        {
            if (_disk.All(write => write.Snapshot is null) && _log.Applied > _storage.Base.Index)
            {
                _storage.CompactTo(_log.Applied);
            }
        }

        private void MaybeRestore()
        {
            if (_random.Next(10) != 0)
            {
                return;
            }

            var snapshot = new EntryId(++_term, _log.LastIndex + (ulong)_random.Next(1, 5));
            _log.Restore(snapshot);
            _writes.TruncateFrom(1);
            _model.Clear();
            _model.Add(snapshot);
            _modelStart = snapshot.Index;
            HandOut(snapshot);
        }

        private EntryId At(ulong index) => _model[(int)(index - _modelStart)];

        private void Check()
        {
            Assert.Equal(_modelStart + (ulong)_model.Count - 1, _log.LastIndex);
            Assert.True(_log.Applied <= _log.Applying && _log.Stable <= _log.Written && _log.Written <= _log.LastIndex, $"seed {seed}");
            for (var index = _log.FirstIndex - 1; index <= _log.LastIndex; index++)
            {
                Assert.True(_log.TryTerm(index, out var term) && term == At(index).Term, $"seed {seed}: term of {index}");
            }

            // What is called stable is what the disk has, entry by entry: the point of the sequence numbers.
            for (var index = _storage.FirstIndex; index <= _log.Stable && index >= _log.FirstIndex; index++)
            {
                Assert.True(_storage.Term(index) == At(index).Term, $"seed {seed}: {index} is called stable");
            }
        }
    }
}
