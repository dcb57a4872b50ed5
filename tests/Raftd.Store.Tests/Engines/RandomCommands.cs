using System.Text;
using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;
using Raftd.Testing;

namespace Raftd.Store.Tests.Engines;

/// <summary>Commands of every kind over few keys and leases, so that they meet; about a quarter is refused or void.</summary>
internal sealed class RandomCommands(Random random, DictionaryEngine state)
{
    private const int Keys = 12;
    private const int Leases = 6;
    private long _hidden = 1000;

    public ReadOnlyMemory<byte> Next(ulong term) => random.Next(18) switch
    {
        < 6 => Put(),
        6 => By.Nobody.DeleteRange(new DeleteRangeRequest { Key = Key(), RangeEnd = random.Next(3) == 0 ? Key() : default }),
        7 or 8 => By.Nobody.LeaseGrant(
            Lease(), $"n{random.Next(3)}", random.Next(70), unique: random.Next(3) == 0, random.Next(2) == 0 ? LeaseKind.Rest : LeaseKind.Etcd),
        9 or 10 => By.Nobody.LeaseKeepAlive(new LeaseKeepAliveRequest
        {
            Id = Lease(),
            Key = random.Next(2) == 0 ? Encoding.UTF8.GetBytes($"own{random.Next(4)}") : null,
            Data = random.Next(2) == 0 ? Value() : null,
        }),
        11 => By.Nobody.LeaseRevoke(Lease()),
        12 => By.Nobody.LeaseExpire(new LeaseExpireCommand(Term(term), [Expiry(Lease())], DueKeys())),
        13 => By.Nobody.LeaseCheckpoint(new LeaseCheckpointCommand(
            Term(term), [new LeaseRemaining(Lease(), random.Next(1, 4), random.Next(5_000))], RemainingKeys())),
        15 or 16 => By.Nobody.Txn(Txn(depth: 2), maxLeaseKeys: 4),
        14 => By.Nobody.Compact(state.Revision - random.Next(-2, 30)),
        _ => Alarm(),
    };

    private ReadOnlyMemory<byte> Put()
    {
        var kind = random.Next(5);
        return By.Nobody.Put(
            new PutRequest
            {
                Key = Key(),
                Value = Value(),
                Lease = kind == 0 ? Lease() : 0,
                TtlSeconds = kind == 1 ? random.Next(1, 100) : 0,
                ReturnPrevious = random.Next(2) == 0,
                KeepValue = kind == 3,
                KeepLease = kind == 4,
                Condition = kind == 2 ? Condition() : null,
            },
            ++_hidden,
            maxLeaseKeys: 4);
    }

    private Precondition Condition() => random.Next(3) switch
    {
        0 => new Precondition { MustExist = true },
        1 => new Precondition { MustNotExist = true },
        _ => new Precondition { ModRevisions = [state.Revision - random.Next(5)] },
    };

    private TxnRequest Txn(int depth) => new()
    {
        Compares = [.. Enumerable.Range(0, random.Next(3)).Select(_ => Compare())],
        Success = [.. Enumerable.Range(0, random.Next(4)).Select(_ => Operation(depth))],
        Failure = [.. Enumerable.Range(0, random.Next(3)).Select(_ => Operation(depth))],
    };

    private Compare Compare() => new()
    {
        Key = Key(),
        RangeEnd = random.Next(4) == 0 ? Key() : default,
        Target = (CompareTarget)random.Next(5),
        Result = (CompareResult)random.Next(4),
        Number = random.Next(4) == 0 ? state.Revision - random.Next(20) : random.Next(4),
        Value = Value(),
    };

    private TxnOperation Operation(int depth) => random.Next(depth == 0 ? 6 : 7) switch
    {
        < 3 => new TxnOperation
        {
            Put = new PutRequest
            {
                Key = Key(),
                Value = Value(),
                Lease = random.Next(4) == 0 ? Lease() : 0,
                ReturnPrevious = random.Next(2) == 0,
                KeepValue = random.Next(10) == 0,
                KeepLease = random.Next(10) == 0,
            },
        },
        3 => new TxnOperation
        {
            DeleteRange = new DeleteRangeRequest
            {
                Key = Key(),
                RangeEnd = random.Next(2) == 0 ? Key() : default,
                ReturnPrevious = random.Next(2) == 0,
            },
        },
        < 6 => new TxnOperation { Range = Range() },
        _ => new TxnOperation { Txn = Txn(depth - 1) },
    };

    /// <summary>Any range that may be asked for, of the newest revision or of an earlier one.</summary>
    public RangeRequest Range() => new()
    {
        Key = Key(),
        RangeEnd = random.Next(3) switch { 0 => default, 1 => Key(), _ => "\0"u8.ToArray() },
        Revision = random.Next(4) == 0 ? Math.Max(1, state.Revision - random.Next(40)) : 0,
        Limit = random.Next(2) == 0 ? random.Next(1, 6) : 0,
        SortOrder = (SortOrder)random.Next(3),
        SortTarget = (SortTarget)random.Next(5),
        KeysOnly = random.Next(4) == 0,
        CountOnly = random.Next(6) == 0,
        MinModRevision = random.Next(5) == 0 ? state.Revision - random.Next(20) : 0,
        MaxModRevision = random.Next(5) == 0 ? state.Revision - random.Next(20) : 0,
        MinCreateRevision = random.Next(5) == 0 ? state.Revision - random.Next(40) : 0,
        MaxCreateRevision = random.Next(5) == 0 ? state.Revision - random.Next(40) : 0,
    };

    /// <summary>An alarm that refuses writes goes soon, or most commands would be refused.</summary>
    private ReadOnlyMemory<byte> Alarm()
    {
        var alarm = new Alarm((AlarmKind)random.Next(1, 3), AlarmCause.Disk, 1);
        return random.Next(4) == 0 ? By.Nobody.AlarmRaise(alarm) : By.Nobody.AlarmClear(alarm);
    }

    private ulong Term(ulong term) => random.Next(5) == 0 ? term + 1 : term;

    private LeaseExpiry Expiry(long id) => new(id, state.Find(id)?.Generation ?? 1);

    private LeaseKeyExpiry[] DueKeys() => [.. OwnKeys().Select(
        key => new LeaseKeyExpiry(key.Lease, state.Find(key.Lease)!.Generation, key.Key, key.Revision.Main))];

    private LeaseKeyRemaining[] RemainingKeys() => [.. OwnKeys().Select(
        key => new LeaseKeyRemaining(key.Lease, state.Find(key.Lease)!.Generation, key.Key, key.Revision.Main, random.Next(5_000)))];

    private IEnumerable<ILiveKey> OwnKeys() => state
        .LiveIn(new KeyRange(new byte[] { 0 }, new byte[] { 0 }), new byte[] { 0 }, int.MaxValue)
        .Where(key => key.HasOwnDeadline && random.Next(3) == 0);

    private long Lease() => random.Next(0, Leases + 1);

    private byte[] Key() => Encoding.UTF8.GetBytes($"k{random.Next(Keys):00}");

    private byte[] Value() => Encoding.UTF8.GetBytes($"v{random.Next(3)}");
}
