using System.Globalization;
using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.Store.Tests.Leases;
using Raftd.Testing;

namespace Raftd.Store.Tests.Mvcc;

/// <summary>The hash chain of level 1, number by number: a build that makes another one of the same entries calls its peers
/// of the build before damaged.</summary>
public sealed class HashRuleTests : IDisposable
{
    private readonly TestStore _store = new();

    public void Dispose() => _store.Dispose();

    /// <summary>Each of these is refused, in words that are chosen when it is answered. They may be mended at any time; the
    /// hashes stand here for good.</summary>
    [Fact]
    public void Refusals_EveryOneOfThem_HashTheirCodesAndNumbersAlone()
    {
        _store.Apply(By.Nobody.LeaseGrant(7, "n", 10, unique: true, LeaseKind.Rest));
        _store.Put("k", "v", lease: 7);
        _store.Put("k2", "v");
        _store.Apply(By.Nobody.Compact(3));
        var refusals = new List<(ApplyError Error, string Hash)>
        {
            Refuse(By.Nobody.Put(new PutRequest { Key = default, Value = default })),
            Refuse(By.Nobody.LeaseGrant(7, "n", 10, unique: false, LeaseKind.Rest)),
            Refuse(By.Nobody.LeaseRevoke(8)),
            Refuse(KeepAlive("other", null)),
            Refuse(By.Nobody.LeaseGrant(8, "n", 10, unique: true, LeaseKind.Rest)),
            Refuse(By.Nobody.Compact(2)),
            Refuse(By.Nobody.Compact(99)),
            Refuse(By.Nobody.Put(new PutRequest { Key = new byte[] { 1 }, Value = default, Lease = 7 }, maxLeaseKeys: 1)),
            Refuse(By.Nobody.LeaseGrant(-8, "n", 10, unique: false, LeaseKind.Rest)),
            Refuse(By.Nobody.LeaseGrant(8, "n", 0, unique: false, LeaseKind.Rest)),
            Refuse(KeepAlive(null, "v")),
            Refuse(KeepAlive("meta", "v")),
            Refuse(By.Nobody.RaiseLevel(1, 0)),
        };
        _store.Apply(By.Nobody.AlarmRaise(new Alarm(AlarmKind.NoSpace, AlarmCause.Disk, MemberId: 5)));
        refusals.Add(Refuse(By.Nobody.Put(new PutRequest { Key = new byte[] { 1 }, Value = default })));
        Assert.Equal(
            [
                (ApplyError.EmptyKey, "4f158a0eaa4c8018"),
                (ApplyError.LeaseExists, "ab459a99f3450f92"),
                (ApplyError.LeaseNotFound, "88b36813260de546"),
                (ApplyError.KeyNotFound, "2c2d321ffab131df"),
                (ApplyError.NameTaken, "77dc6621f945eecb"),
                (ApplyError.Compacted, "8c04ef4514372fa9"),
                (ApplyError.FutureRevision, "ff5b5ab8d6b7ffdb"),
                (ApplyError.LeaseFull, "16a273d007fbcb37"),
                (ApplyError.LeaseIdOutOfRange, "afe138bae8b3b318"),
                (ApplyError.TtlOutOfRange, "c0ae33ac77760300"),
                (ApplyError.DataWithoutKey, "0c132af8d934906c"),
                (ApplyError.KeyReserved, "b684a2f16f653630"),
                (ApplyError.LevelNotAbove, "ba5f405e968ce5b3"),
                (ApplyError.NoSpace, "ce3776db470051da"),
            ],
            refusals);
    }

    [Fact]
    public void Refusal_Encoded_HasRoomForNumbersOnly()
    {
        foreach (var error in Enum.GetValues<ApplyError>())
        {
            var refused = new ErrorResult(1, error, 2, 3);
            Assert.NotEmpty(refused.ToException().Message);
            Assert.Equal([1, 0, 1, (byte)error, 2, 3], CommandResultCodec.Encode(refused).ToArray());
        }
    }

    private static ReadOnlyMemory<byte> KeepAlive(string? key, string? data) => By.Nobody.LeaseKeepAlive(
        new LeaseKeepAliveRequest { Id = 7, Key = LeaseFixture.Optional(key), Data = LeaseFixture.Optional(data) });

    private (ApplyError Error, string Hash) Refuse(ReadOnlyMemory<byte> command)
    {
        var refused = Assert.IsType<ErrorResult>(_store.Apply(command));
        return (refused.Error, _store.State.Applied.Hash.ToString("x16", CultureInfo.InvariantCulture));
    }
}
