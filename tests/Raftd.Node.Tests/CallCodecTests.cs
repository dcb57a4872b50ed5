using System.Buffers;
using Raftd.Contract;
using Raftd.Peers.Forwarding;
using Raftd.State.Commands;

namespace Raftd.Node.Tests;

/// <summary>Calls between members as bytes: what a follower writes, and what of it a leader of either level reads.</summary>
public sealed class CallCodecTests
{
    public static TheoryData<Caller, int> Named => new()
    {
        { Caller.Nobody, FeatureLevel.Newest },
        { Caller.System, FeatureLevel.Newest },
        { Caller.User("alice"), FeatureLevel.Newest },
        { Caller.User(new string('ä', Bounds.MaxUserNameBytes / 2)), FeatureLevel.Newest },
    };

    [Theory]
    [MemberData(nameof(Named))]
    public void Item_WithItsCaller_RoundTrips(Caller caller, int level)
    {
        var items = new ArrayBufferWriter<byte>();
        Write(items, 1, caller, level);
        Write(items, 2, Caller.Nobody, level);

        ReadOnlySpan<byte> batch = items.WrittenSpan;
        var (first, second) = (CallCodec.ReadItem(ref batch), CallCodec.ReadItem(ref batch));
        Assert.True(batch.IsEmpty);
        Assert.Equal((1UL, "", caller), (first.Id, first.Call, first.Caller));
        Assert.Equal((2UL, "", Caller.Nobody), (second.Id, second.Call, second.Caller));
        Assert.Equal("command"u8, first.Body.Span);
        Assert.Equal("command"u8, second.Body.Span);
    }

    /// <summary>A leader that knows level 1 alone would take the mark of a caller for a part of the name's length.</summary>
    [Theory]
    [MemberData(nameof(Named))]
    public void Item_OfAClusterBelowTheLevel_HasTheBytesOfOld(Caller caller, int level)
    {
        var (nobodys, anyones) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>());
        Write(nobodys, 1, Caller.Nobody, level);
        Write(anyones, 1, caller, FeatureLevel.Callers - 1);

        Assert.Equal(nobodys.WrittenSpan, anyones.WrittenSpan);
    }

    [Fact]
    public void Item_CutAnywhere_IsNoItem()
    {
        var items = new ArrayBufferWriter<byte>();
        Write(items, 1, Caller.User("alice"), FeatureLevel.Newest);
        for (var length = 0; length < items.WrittenCount; length++)
        {
            Assert.Throws<InvalidDataException>(() =>
            {
                var cut = items.WrittenSpan[..length];
                CallCodec.ReadItem(ref cut);
            });
        }
    }

    private static void Write(ArrayBufferWriter<byte> items, ulong id, Caller caller, int level)
    {
        var request = new ProposeRequest("command"u8.ToArray()) { Id = id, Caller = caller, Deadline = 0 };
        CallCodec.WriteItem(items, request, CallCodec.CallerOf(request, level), request.Body.Span, TimeSpan.FromSeconds(1));
    }
}
