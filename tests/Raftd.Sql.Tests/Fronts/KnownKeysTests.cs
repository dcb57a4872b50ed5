using System.Text;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;
using Raftd.State.Keyspaces;

namespace Raftd.Sql.Tests.Fronts;

public sealed class KnownKeysTests
{
    [Fact]
    public void Key_ThatRowsHaveChanged_IsKnownAsTheyLeftIt()
    {
        var known = new KnownKeys(1 << 20);
        known.Note(Bytes("a"), null);
        known.Note(Bytes("b"), Row("b", revision: 2, valueBytes: 3));
        known.Follow([Put("a", revision: 3, valueBytes: 5), Put("other", revision: 4, valueBytes: 1), Deletion("b", revision: 5)]);

        Assert.True(known.TryFind(Bytes("a"), out var a));
        Assert.Equal(3, a!.Revision.Main);
        Assert.Equal(5, a.Value!.Length);
        Assert.True(known.TryFind(Bytes("b"), out var b));
        Assert.Null(b);
        Assert.False(known.TryFind(Bytes("other"), out _));
    }

    [Fact]
    public void LargeValue_IsNotHeld()
    {
        var known = new KnownKeys(1 << 20);
        known.Note(Bytes("a"), Row("a", revision: 2, valueBytes: KeyRow.MaxInlineBytes + 1));
        Assert.True(known.TryFind(Bytes("a"), out var a));
        Assert.Null(a!.Value);
        Assert.Equal(KeyRow.MaxInlineBytes + 1, a.ValueBytes);
    }

    [Fact]
    public void KeysBeyondTheBytes_AreForgotten_ButThoseInUse()
    {
        var known = new KnownKeys(100_000);
        for (var number = 0; number < 1000; number++)
        {
            known.Note(Bytes($"{number}"), Row($"{number}", revision: 2, valueBytes: 1000));
            Assert.True(known.TryFind(Bytes("0"), out _), $"the key in use is forgotten behind {number} others");
        }

        var left = Enumerable.Range(0, 1000).Count(number => known.TryFind(Bytes($"{number}"), out _));
        Assert.InRange(left, 2, 100);
    }

    [Fact]
    public void Forgotten_NothingIsKnown()
    {
        var known = new KnownKeys(1 << 20);
        known.Note(Bytes("a"), null);
        known.Forget();
        Assert.False(known.TryFind(Bytes("a"), out _));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static KeyRow Row(string key, long revision, int valueBytes) => KeyRow.Of(Put(key, revision, valueBytes));

    private static RevisionRecord Put(string key, long revision, int valueBytes) =>
        new(new Revision(revision, 0), Bytes(key), new byte[valueBytes], revision, 1, 0, KeyFlags.None);

    private static RevisionRecord Deletion(string key, long revision) =>
        new(new Revision(revision, 0), Bytes(key), [], 0, 0, 0, KeyFlags.Tombstone);
}
