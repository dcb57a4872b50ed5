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

    public ReadOnlyMemory<byte> Next(ulong term) => random.Next(16) switch
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
