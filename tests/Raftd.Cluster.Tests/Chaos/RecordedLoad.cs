using System.Globalization;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing.Histories;

namespace Raftd.Cluster.Tests.Chaos;

/// <summary>Clients that put, compare, delete and read a few keys that they share, through any member, and the record of what
/// each was told: held to the rules of <see cref="HistoryChecker"/>, as the clients of the simulator are.</summary>
internal sealed class RecordedLoad(IReadOnlyList<Member> members, int seed) : IAsyncDisposable
{
    private const int Clients = 24;
    private const int Keys = 20;

    // A client stays with its member until that fails it, and changes now and then: were each request sent to any of them, one
    // member that stands still would soon have all clients wait for it.
    private const int RequestsToOneMember = 200;

    // Of each member, behind each round.
    private const int ReadsAsOfARevision = 300;
    private const int ReadsAtOnce = 16;

    // Of _history: clients run side by side.
    private readonly Lock _guard = new();
    private readonly HistoryChecker _history = new();
    private CancellationTokenSource _stop = new();
    private Task[] _clients = [];
    private int _round;
    private long _verified;
    private long _answered;

    /// <summary>Operations that were answered, since the first start.</summary>
    public long Answered => Interlocked.Read(ref _answered);

    public int Unknown
    {
        get
        {
            lock (_guard)
            {
                return _history.Unknown;
            }
        }
    }

    public void Start()
    {
        _round++;
        _stop = new CancellationTokenSource();
        _clients = [.. Enumerable.Range(0, Clients).Select(client => Task.Run(() => RunAsync(client, _round)))];
    }

    /// <summary>Returns when every request has ended; throws what a client stumbled over.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
        _stop.Dispose();
        _clients = [];
    }

    /// <summary>Compares all that was told since the last time with all that each member holds, and all that it holds with what was
    /// told. To be called between StopAsync and Start.</summary>
    public async Task VerifyAsync()
    {
        var newest = _verified;
        var questions = _history.Questions(first: 0, every: 1).ToArray();

        // A member that was just started may have answered a stale read with what was verified before.
        var oldest = questions.Min(static question => question.Revision);
        foreach (var member in members)
        {
            var held = await FetchedHistory.OfAsync(member, Enumerable.Range(0, Keys).Select(KeyOf), Math.Min(oldest, _verified));
            foreach (var (key, revision, value) in held.Changes.Where(change => change.Revision > _verified))
            {
                _history.Explain(key, revision, value, member.Label);
            }

            _history.Verify(held, member.Label, first: 0, every: 1);
            await ReadSomeAsync(member, held, questions);
            newest = held.Newest;
        }

        _verified = newest;
        _history.BeginAnew();
    }

    public async ValueTask DisposeAsync()
    {
        if (_clients.Length > 0)
        {
            await StopAsync();
        }
    }

    /// <summary>Reads as of a revision, which take another way than the history does, say the same as it.</summary>
    private async Task ReadSomeAsync(Member member, FetchedHistory held, (string Key, long Revision)[] questions)
    {
        var drawn = Seed.RandomOf(seed, _round).GetItems(questions, ReadsAsOfARevision);
        await Parallel.ForEachAsync(
            drawn.Where(static question => question.Revision >= 1),
            new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce },
            async (question, _) =>
            {
                var (key, revision) = question;
                var answer = await member.GetAsync(string.Create(CultureInfo.InvariantCulture, $"/key/{key}?level=stale&rev={revision}"));
                var read = RecordedCall.ToVersion(key, answer) is { } version ? KeyVersion.Describe([version]) : "";
                var history = held.Describe(key, "", revision);
                SafetyViolationException.Require(
                    read == history, $"{member.Label}: {key} is read as {read} at revision {revision}, its history has {history}");
            });
    }

    private async Task RunAsync(int client, int round)
    {
        var random = Seed.RandomOf(seed, client, round);
        var seen = new Dictionary<string, long>(StringComparer.Ordinal);
        var member = members[random.Next(members.Count)];
        for (var number = 0; !_stop.IsCancellationRequested; number++)
        {
            var value = string.Create(CultureInfo.InvariantCulture, $"{round}-{client}-{number}");
            var operation = Draw(random, seen, value);
            var end = await RecordedCall.SendAsync(member, operation);
            Note(operation, end, seen);
            if (end != CallEnd.Answered || random.Next(RequestsToOneMember) == 0)
            {
                member = members[random.Next(members.Count)];
            }

            if (end != CallEnd.Answered)
            {
                // A dead member refuses at once: without a pause a client would only burn the processor.
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }

    private static string KeyOf(int number) => string.Create(CultureInfo.InvariantCulture, $"chaos/{number:00}");

    private Operation Draw(Random random, Dictionary<string, long> seen, string value)
    {
        var key = KeyOf(random.Next(Keys));
        var (kind, expected) = random.Next(100) switch
        {
            < 35 => (OperationKind.Put, (long?)null),
            < 50 => (OperationKind.Put, seen.GetValueOrDefault(key)),
            < 55 => (OperationKind.Delete, null),
            < 60 => (OperationKind.StaleRead, null),
            _ => (OperationKind.Read, null),
        };
        lock (_guard)
        {
            return new Operation
            {
                Kind = kind,
                Key = key,
                Value = kind == OperationKind.Put ? value : null,
                ExpectedRevision = expected,
                Floor = _history.Floor,
            };
        }
    }

    private void Note(Operation operation, CallEnd end, Dictionary<string, long> seen)
    {
        lock (_guard)
        {
            switch (end)
            {
                case CallEnd.Refused:
                    _history.Refused(operation);
                    return;
                case CallEnd.Unknown:
                    _history.Lost(operation);
                    return;
            }

            _history.Ended(operation);
        }

        Interlocked.Increment(ref _answered);
        if (operation.HasChanged)
        {
            seen[operation.Key] = operation.Kind == OperationKind.Delete ? 0 : operation.Revision;
        }
    }
}
