using Raftd.Contract;
using Raftd.PowerLoss.Tests.Recording;

namespace Raftd.PowerLoss.Tests.Checking;

/// <summary>Each rule of the history sees what it is there for.</summary>
public sealed class HistoryTests
{
    private static readonly Note[] Notes =
    [
        new(NoteKind.Binding),
        new(NoteKind.Put, Key: 1, Sequence: 11),
        new(NoteKind.Acknowledged, 1, 11, Revision: 2),
        new(NoteKind.Put, 2, 12),
        new(NoteKind.Acknowledged, 2, 12, 3),
        new(NoteKind.Delete, 1, 13),
        new(NoteKind.Put, 2, 14),
        new(NoteKind.Acknowledged, 2, 14, 4), // the power failed before this
    ];

    private static readonly History Told = new(Notes, position: 7);

    [Fact]
    public void Check_AllAcknowledgedWrites_PassesWithOrWithoutThoseUnderWay()
    {
        Told.Check(Content(3, Item(1, 11, 2), Item(2, 12, 3)));
        Told.Check(Content(5, Item(2, 14, 4)));
        Told.Check(Content(4, Item(1, 11, 2), Item(2, 14, 4)));
    }

    [Theory]
    [InlineData(2, "acknowledged")] // a revision below
    [InlineData(3, "is gone")] // key 2 is missing
    public void Check_AcknowledgedWriteMissing_FindsIt(long revision, string violation) =>
        Fails(violation, Content(revision, Item(1, 11, 2)));

    [Fact]
    public void Check_OldValue_FindsIt() => Fails("was acknowledged", Content(3, Item(1, 11, 2), Item(2, 11, 3)));

    [Fact]
    public void Check_OtherRevision_FindsIt() => Fails("was told", Content(3, Item(1, 11, 2), Item(2, 12, 2)));

    [Fact]
    public void Check_HoleInTheHistory_FindsIt() => Fails("is below revision", Content(4, Item(1, 11, 2), Item(2, 12, 3)));

    [Fact]
    public void Check_KeyNeverWritten_FindsIt() => Fails("never written", Content(3, Item(1, 11, 2), Item(2, 12, 3), Item(3, 15, 3)));

    [Fact]
    public void Check_ValueNeverProposed_FindsIt() => Fails("never proposed", Content(5, Item(2, 15, 5)));

    private static void Fails(string violation, RangeResponse content) =>
        Assert.Contains(violation, Assert.Throws<ViolationException>(() => Told.Check(content)).Message, StringComparison.Ordinal);

    private static RangeResponse Content(long revision, params KeyValue[] items) =>
        new() { Revision = revision, Items = items, Count = items.Length };

    private static KeyValue Item(int key, long sequence, long revision) => new()
    {
        Key = Values.KeyOf(key),
        Value = Values.Of(key, sequence),
        CreateRevision = revision,
        ModRevision = revision,
        Version = 1,
        Lease = 0,
    };
}
