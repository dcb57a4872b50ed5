using System.Text;
using Raftd.Contract;
using Raftd.Sql.Evaluation;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Sql.Tests.Fronts;

/// <summary>What a row says of leases and alarms comes back as it was, and what is damaged is noticed.</summary>
public sealed class RowDeltasTests
{
    private static readonly LeaseRecord Lease = new()
    {
        Id = 77,
        Name = "name"u8.ToArray(),
        TtlSeconds = 60,
        Kind = LeaseKind.Rest,
        Status = LeaseStatus.Alive,
        Hidden = false,
        Generation = 5,
        CheckpointMilliseconds = 1_234,
        RenewedGeneration = 3,
        Floor = new LeaseFloor(9, 8, 7),
    };

    private static readonly LeaseKeyRecord KeyRecord = new(OwnDeadline: true, ModRevision: 42) { Generation = 5, RemainingMilliseconds = 17 };

    private static readonly RowDeltas All = new(
        [
            new LeaseStep(LeaseStepKind.Set, 77, Lease),
            new LeaseStep(LeaseStepKind.Removed, 78),
            new LeaseStep(LeaseStepKind.Attached, 77, Key: [0, 255], Record: KeyRecord),
            new LeaseStep(LeaseStepKind.Detached, 77, Key: [1]),
            new LeaseStep(LeaseStepKind.Stored, 77, Key: [], Record: KeyRecord),
        ],
        [
            new LeaseChange(LeaseChangeKind.Granted, 77, Lease),
            new LeaseChange(LeaseChangeKind.KeySet, 77, Key: [2], KeyRecord: KeyRecord),
            new LeaseChange(LeaseChangeKind.ExpiryVoid, 77, Term: 12),
        ],
        [new Alarm(AlarmKind.NoSpace, AlarmCause.Quota, 0), new Alarm(AlarmKind.Corrupt, AlarmCause.Divergence, ulong.MaxValue)]);

    [Fact]
    public void Encoded_ComesBackAsItWas()
    {
        Assert.True(RowDeltas.TryDecode(All.Encode(), out var decoded));
        Assert.Equivalent(All, decoded, strict: true);
        Assert.Equal(All.Encode().ToArray(), decoded.Encode().ToArray());
    }

    [Theory]
    [InlineData("a", "b")]
    [InlineData("", "\0")]
    public void Range_WhoseKeysWereDetached_ComesBackAsItWas(string low, string end)
    {
        var range = new KeyRange(Encoding.UTF8.GetBytes(low), Encoding.UTF8.GetBytes(end));
        var written = new RowDeltas([new LeaseStep(LeaseStepKind.RangeDetached, 0, Range: range)], [], Alarms: null).Encode();
        Assert.True(RowDeltas.TryDecode(written, out var decoded));
        var read = Assert.Single(decoded.Steps).Range!.Value;
        Assert.Equal((low, end), (Encoding.UTF8.GetString(read.Low.Span), Encoding.UTF8.GetString(read.End.Span)));
        for (var length = 1; length < written.Length; length++)
        {
            Assert.False(RowDeltas.TryDecode(written[..length], out _), $"{length} of {written.Length} bytes");
        }
    }

    [Fact]
    public void Nothing_IsNoBytes()
    {
        Assert.True(new RowDeltas([], [], Alarms: null).Encode().IsEmpty);
        Assert.True(RowDeltas.TryDecode(ReadOnlyMemory<byte>.Empty, out var decoded));
        Assert.True(decoded.IsEmpty);
    }

    [Fact]
    public void EachPrefix_IsRefused()
    {
        var whole = All.Encode();
        for (var length = 1; length < whole.Length; length++)
        {
            Assert.False(RowDeltas.TryDecode(whole[..length], out _), $"{length} of {whole.Length} bytes");
        }

        Assert.False(RowDeltas.TryDecode((byte[])[.. whole.Span, 0], out _));
    }

    [Fact]
    public void AnotherFormat_IsRefused()
    {
        var bytes = All.Encode().ToArray();
        bytes[0]++;
        Assert.False(RowDeltas.TryDecode(bytes, out _));
    }
}
