
using Raftd.Testing.Disks;

namespace Raftd.Wal.Tests;

/// <summary>Random histories with crashes against the list model; the seed is in the message.</summary>
public class RandomTests
{
    private const int Histories = 300;

    [Fact]
    public void Log_RandomHistoryWithCrashes_AgreesWithTheModel()
    {
        var first = Environment.GetEnvironmentVariable("RAFTD_SEED") is { Length: > 0 } text ? int.Parse(text) : 1;
        for (var seed = first; seed < first + Histories; seed++)
        {
            new History(seed).Run();
        }
    }

    private sealed class History(int seed)
    {
        private readonly Random _random = new(seed);
        private MemoryFileSystem _files = new();
        private Workload _work = null!;
        private ulong _term = 1;

        public void Run()
        {
            var model = LogModel.Empty;
            for (var life = 0; life < 6; life++)
            {
                _work = new Workload(_files, Workload.SmallSegments, model)
                {
                    DeletedBelow = _work?.DeletedBelow ?? 1,
                };
                Live(crashAt: _files.Operations + 20 + _random.Next(120));
                model = Crash($"seed {seed}, life {life}");
            }
        }

        private void Live(int crashAt)
        {
            _files.BeforeOperation = operation => operation.Number == crashAt ? throw new SimulatedCrashException(operation) : 0;
            try
            {
                for (var step = 0; step < 200; step++)
                {
                    Step();
                    var difference = _work.Latest.Difference(_work.Log);
                    Assert.True(difference is null, $"seed {seed}, step {step}: {difference}");
                }
            }
            catch (SimulatedCrashException)
            {
                // As planned.
            }

            _files.BeforeOperation = null;
        }

        private void Step()
        {
            var model = _work.Latest;
            _term = Math.Max(_term, model.Term(model.LastIndex)) + (_random.Next(8) == 0 ? 1ul : 0);
            switch (_random.Next(12))
            {
                case < 5:
                    var span = model.LastIndex - Math.Max(model.State.Commit, _work.Log.FirstIndex - 1);
                    var low = model.LastIndex + 1 - (_random.Next(3) == 0 ? (ulong)_random.NextInt64(0, (long)span + 1) : 0);
                    _term += low <= model.LastIndex ? 1ul : 0;
                    _work.Append(_term, low, _random.Next(1, 12), _random.Next(20) == 0 ? 12_000 : _random.Next(600), _random.Next(3) == 0);
                    break;
                case < 9:
                    _work.Sync();
                    break;
                case 9:
                    var commit = model.State.Commit + ((model.LastIndex - model.State.Commit) / 3);
                    _work.Append(model.State with { Term = Math.Max(model.State.Term, _term), Commit = commit });
                    break;
                case 10 when _random.Next(2) == 0:
                    _work.DeleteBelow(model.State.Commit);
                    break;
                case 11 when _random.Next(10) == 0:
                    _term += 1;
                    _work.Reset(model.LastIndex + 5, _term, new LogState(_term, 1, model.LastIndex + 5, false));
                    break;
                default:
                    _work.Log.PrepareSpare();
                    break;
            }
        }

        /// <summary>The disk after the crash, and the one state of those allowed that it holds.</summary>
        private LogModel Crash(string context)
        {
            _files = _files.Crash((CrashLoss)_random.Next(3), _random);
            Workload.Verify(_files, _work, context);
            using var log = WriteAheadLog.Open(_files, Workload.Directory, Workload.SmallSegments);
            var model = _work.Allowed.First(allowed => allowed.Difference(log) is null);
            log.Append([], log.State with { Recovering = false });
            log.Sync();
            _term = Math.Max(_term, log.State.Term);
            return model.With(log.State);
        }
    }
}
