using System.Text;
using Raftd.Contract;
using Raftd.Simulation.Fronts.Checkers;
using Raftd.Sql.Buckets;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Simulation.Fronts.Clients;

/// <summary>Makes buckets, removes and lists them, and writes, reads and leases in them: few names, so that most are made again.</summary>
/// <remarks>
/// A name means another bucket after it was removed and made again, and an answer does not say which one. So an answer must be true of
/// one that had the name at some moment between question and answer.
/// </remarks>
internal sealed class FrontBucketClient(FrontWorld world, Dice dice, string name, int number) : FrontClient(world, dice, name)
{
    private const int Names = 3;
    private const int Keys = 4;

    private int _made;
    private (string Bucket, long Id, long Ttl) _lease;

    protected override Task ActAsync(FrontIncarnation front)
    {
        var question = About(front, $"b{Dice.Next(Names)}");
        var key = $"k{Dice.Next(Keys)}";
        return Dice.Next(100) switch
        {
            < 14 => AddAsync(question),
            < 18 => RemoveAsync(question),
            < 24 => ListAsync(question),
            < 30 => GrantAsync(question),
            < 36 => RenewAsync(front),
            < 42 => DeleteAsync(question, key),
            < 70 => PutAsync(question, key),
            _ => ReadAsync(question, key),
        };
    }

    private async Task AddAsync(Question question)
    {
        var reply = await AskAsync(question, buckets => buckets.AddAsync(Caller.Nobody, question.Bucket, CancellationToken.None));
        if (!reply.HasAnswer)
        {
            return;
        }

        var (made, isNew) = reply.Answer;
        var record = World.Buckets.GetValueOrDefault(made.Id);
        Require(
            record is not null && record.Name == question.Bucket && question.MayMean(record),
            $"{Name} {question} was told that it has the number {made.Id}");
        Require(!isNew || !record!.IsClaimed, $"{Name} {question} was told that it has made number {made.Id}, and so was another");
        record!.IsClaimed |= isNew;
    }

    private async Task RemoveAsync(Question question)
    {
        var isForced = Dice.Chance(0.7);
        var reply = await AskAsync(question, async buckets =>
        {
            await buckets.RemoveAsync(Caller.Nobody, question.Bucket, isForced, CancellationToken.None);
            return true;
        });
        Require(!reply.HasAnswer || !Stands(question), $"{Name} {question} was told that it is removed");
    }

    private async Task ListAsync(Question question)
    {
        var reply = await AskAsync(question, static buckets => buckets.ListAsync(Caller.Nobody, CancellationToken.None));
        if (!reply.HasAnswer)
        {
            return;
        }

        var listed = reply.Answer!.Select(static bucket => bucket.Id).ToHashSet();
        foreach (var record in World.Buckets.Values)
        {
            Require(
                listed.Contains(record.Id) ? question.MayMean(record) : !question.MustMean(record),
                $"{Name} {question} was shown the buckets {string.Join(' ', listed.Order())}: not so of number {record.Id}");
        }
    }

    private async Task PutAsync(Question question, string key)
    {
        var value = $"{Name}-{++_made}";
        if (await AskAsync(question, services => services.Keys.PutAsync(
            Caller.Nobody, new PutRequest { Key = Bytes(key), Value = Bytes(value) }, CancellationToken.None)) is { } answer)
        {
            Note(question, $"a put of {value}", answer.Revision, record => record.Rows.Find(key, answer.Revision)?.Text == value);
        }
    }

    private async Task DeleteAsync(Question question, string key)
    {
        if (await AskAsync(question, services => services.Keys.DeleteRangeAsync(
            Caller.Nobody, new DeleteRangeRequest { Key = Bytes(key) }, CancellationToken.None)) is { } answer)
        {
            var revision = answer.Revision;
            Note(question, $"a deletion of {answer.Deleted} {key}", revision, record =>
                record.Rows.Find(key, revision) is null && (answer.Deleted == 0 || record.Rows.Find(key, revision - 1) is not null));
        }
    }

    private async Task ReadAsync(Question question, string key)
    {
        var rangeEnd = Dice.Chance(0.3) ? "l" : "";
        if (await AskAsync(question, services => services.Keys.RangeAsync(
            Caller.Nobody, new RangeRequest { Key = Bytes(key), RangeEnd = Bytes(rangeEnd) }, CancellationToken.None)) is { } answer)
        {
            var seen = KeyVersion.Describe(answer.Items.Select(RowChecker.VersionOf));
            Note(question, $"a read of {key} that saw {seen}", answer.Revision, record => record.Rows.Describe(key, rangeEnd, answer.Revision) == seen);
        }
    }

    private async Task GrantAsync(Question question)
    {
        var (id, ttl) = ((number * 1_000_000L) + ++_made, Dice.Between(1, 6));
        var request = new LeaseGrantRequest { Id = id, Name = $"{Name}-{id}", TtlSeconds = ttl, Kind = LeaseKind.Etcd };
        if (await AskAsync(question, services => services.Leases.GrantAsync(Caller.Nobody, request, CancellationToken.None)) is not { } answer)
        {
            return;
        }

        _lease = (question.Bucket, id, answer.TtlSeconds);
        Hold(question.Asked);
        var attached = new PutRequest { Key = Bytes($"leased-{id}"), Value = Bytes(""), Lease = id };
        await AskAsync(About(question.Front, question.Bucket), services => services.Keys.PutAsync(Caller.Nobody, attached, CancellationToken.None));
    }

    private async Task RenewAsync(FrontIncarnation front)
    {
        if (_lease.Id == 0)
        {
            return;
        }

        var question = About(front, _lease.Bucket);
        var request = new LeaseKeepAliveRequest { Id = _lease.Id };
        if (await AskAsync(question, services => services.Leases.KeepAliveAsync(Caller.Nobody, request, CancellationToken.None)) is null)
        {
            _lease = default;
            return;
        }

        Hold(question.Asked);
    }

    /// <summary>In those of its name: one of them has that lease.</summary>
    private void Hold(long asked)
    {
        foreach (var record in Named(_lease.Bucket))
        {
            record.Leases.Holds(FrontLeaseChecker.NameOf(_lease.Id), _lease.Ttl, asked);
        }
    }

    /// <summary>An answer is true of a bucket that had the name, and no older than what was known of it before.</summary>
    private void Note(Question question, string what, long revision, Func<BucketRecord, bool> isTrueOf)
    {
        var meant = Named(question.Bucket).FirstOrDefault(record =>
            question.MayMean(record) && revision >= question.Floors.GetValueOrDefault(record.Id) && isTrueOf(record));
        Require(meant is not null, $"{Name} {question} was told of {what} at revision {revision}: that is true of none");
        meant!.Floor = Math.Max(meant.Floor, revision);
    }

    /// <returns>Null where there is no answer.</returns>
    private async Task<T?> AskAsync<T>(Question question, Func<BucketServices, ValueTask<T>> call)
        where T : class
    {
        var reply = await AskAsync(question, async buckets =>
        {
            var services = await buckets.FindAsync(question.Bucket, CancellationToken.None) ?? throw BucketNames.NotFound(question.Bucket);
            return await call(services);
        });
        return reply.Answer;
    }

    private async Task<Reply<T>> AskAsync<T>(Question question, Func<SqlBuckets, ValueTask<T>> call)
    {
        var reply = await AskAsync(World, question.Front, () => call(question.Front.Buckets!), Patience());
        Require(
            reply.Refusal is not { Code: ErrorCode.BucketNotFound } || !Stands(question), $"{Name} {question} was told that there is none");
        return reply;
    }

    private bool Stands(Question question) => Named(question.Bucket).Any(question.MustMean);

    private IEnumerable<BucketRecord> Named(string bucket) => World.Buckets.Values.Where(record => record.Name == bucket);

    private Question About(FrontIncarnation front, string bucket) =>
        new(front, bucket, World.Now, Named(bucket).ToDictionary(static record => record.Id, static record => record.Floor));

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <param name="Front">That was asked.</param>
    /// <param name="Bucket">The name.</param>
    /// <param name="Asked">When.</param>
    /// <param name="Floors">What was known then: the newest revision of each bucket that had the name.</param>
    private sealed record Question(FrontIncarnation Front, string Bucket, long Asked, Dictionary<long, long> Floors)
    {
        public bool MayMean(BucketRecord record) => record.EndedAt is null || record.EndedAt >= Asked;

        public bool MustMean(BucketRecord record) => record.IsLive && record.MadeAt < Asked;

        public override string ToString() => $"asked {Front.Front.Name} about the bucket {Bucket} at {Asked / 1e6:0.000} s and";
    }
}
