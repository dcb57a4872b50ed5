using System.Buffers;
using Raftd.Raft.Tests.Support;

namespace Raftd.Raft.Tests;

public sealed class MessageCodecTests
{
    private static readonly Configuration Members = new([new(1), new(2)], [new(3)], new byte[] { 1, 2, 3 });

    private static Message Full() => new()
    {
        Kind = MessageKind.MsgApp,
        To = new NodeId(2),
        From = new NodeId(ulong.MaxValue),
        Term = 3,
        LogTerm = 4,
        Index = 5,
        Commit = 6,
        Reject = true,
        RejectHint = 7,
        ReadId = 8,
        Nonce = 9,
        AnsweredNonce = 10,
        Force = true,
        Recovering = true,
        Recovered = true,
        Unanswered = true,
        Entries =
        [
            new Entry(new EntryId(3, 6), EntryKind.Normal, default),
            new Entry(new EntryId(4, 7), EntryKind.Normal, Text.Bytes("data")),
            new Entry(new EntryId(4, 8), EntryKind.Configuration, Members.Encode()),
        ],
        Snapshot = new SnapshotMetadata(new EntryId(2, 4), Members, 3),
    };

    private static byte[] Encode(Message message)
    {
        var writer = new ArrayBufferWriter<byte>();
        MessageCodec.Encode(writer, message);
        return writer.WrittenSpan.ToArray();
    }

    [Fact]
    public void Decode_EveryFieldSet_GivesTheSameBack()
    {
        var message = Full();
        Assert.True(MessageCodec.TryDecode(Encode(message), out var decoded, out var error), error);
        Assert.Equivalent(
            new { message.Kind, message.To, message.From, message.Term, message.LogTerm, message.Index, message.Commit, message.AnsweredNonce },
            decoded);
        Assert.Equivalent(
            new { message.Reject, message.RejectHint, message.ReadId, message.Nonce, message.Force, message.Recovering, message.Recovered },
            decoded);
        Assert.Equal(string.Join(';', message.Entries.Select(Show)), string.Join(';', decoded.Entries.Select(Show)));
        Assert.Equal(message.Snapshot!.Id, decoded.Snapshot!.Id);
        Assert.Equal(Encode(message), Encode(decoded));
    }

    [Fact]
    public void Decode_EveryKind_GivesItBack()
    {
        foreach (var kind in Enum.GetValues<MessageKind>())
        {
            Assert.True(MessageCodec.TryDecode(Encode(new Message { Kind = kind }), out var decoded, out _));
            Assert.Equal(kind, decoded.Kind);
        }
    }

    [Fact]
    public void Decode_EveryPrefixAndOneByteMore_IsRefusedWithAReason()
    {
        var bytes = Encode(Full());
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.False(MessageCodec.TryDecode(bytes.AsSpan(0, length), out _, out var reason));
            Assert.NotEmpty(reason);
        }

        Assert.False(MessageCodec.TryDecode([.. bytes, 0], out _, out var error));
        Assert.Equal("1 bytes after the end", error);
    }

    [Fact]
    public void Decode_RandomDamage_NeverThrowsAndAllocatesLittle()
    {
        const int seed = 31;
        var random = new Random(seed);
        var sound = Encode(Full());
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = (byte[])sound.Clone();
            for (var damage = random.Next(1, 8); damage > 0; damage--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            if (MessageCodec.TryDecode(bytes, out var message, out _))
            {
                Assert.True(message.Entries.Sum(entry => entry.Data.Length) <= bytes.Length);
            }
        }

        // A hostile length that was believed would cost gigabytes in one of them.
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 20_000L * 8192, $"seed {seed}");
    }

    [Fact]
    public void Decode_RandomBytes_NeverThrows()
    {
        var random = new Random(32);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(0, 300)];
            random.NextBytes(bytes);
            _ = MessageCodec.TryDecode(bytes, out _, out _);
        }
    }

    private static string Show(Entry entry) => $"{entry.Id} {entry.Kind} {Convert.ToHexString(entry.Data.Span)}";
}
