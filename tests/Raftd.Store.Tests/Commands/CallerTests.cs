using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.Store.Tests.Mvcc;

namespace Raftd.Store.Tests.Commands;

/// <summary>Who asks, as apply sees it: the last place where a command can be refused.</summary>
public sealed class CallerTests : IDisposable
{
    private readonly TestStore _store = new();

    public void Dispose() => _store.Dispose();

    /// <summary>There are no users that a rule could know.</summary>
    [Fact]
    public void Command_OfAUser_IsRefusedAndChangesNothing()
    {
        var before = _store.Revision;

        var refused = Assert.IsType<ErrorResult>(_store.Apply(Put(Caller.User("alice"))));

        Assert.Equal((ApplyError.UserUnknown, ErrorCode.Unauthenticated), (refused.Error, refused.Code));
        Assert.Equal("the user who asks is unknown; nothing was written", refused.ToException().Message);
        Assert.Equal(before, _store.Revision);
        Assert.False(_store.State.TryGet(TestStore.Bytes("k"), out _));
    }

    [Fact]
    public void Command_OfNobodyOrTheSystem_IsExecuted()
    {
        Assert.Equal(2, Assert.IsType<PutResult>(_store.Apply(Put(Caller.Nobody))).Revision);
        Assert.Equal(3, Assert.IsType<PutResult>(_store.Apply(Put(Caller.System))).Revision);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("a", true)]
    public void Name_OfAUser_HasItsBounds(string name, bool isOne)
    {
        Assert.Equal(isOne, Caller.IsUserName(name));
        Assert.True(Caller.IsUserName(new string('x', Bounds.MaxUserNameBytes)));
        Assert.Throws<ArgumentException>(() => Caller.User(new string('x', Bounds.MaxUserNameBytes + 1)));
    }

    private static ReadOnlyMemory<byte> Put(Caller caller) => new CommandFactory(caller, FeatureLevel.Callers)
        .Put(new PutRequest { Key = TestStore.Bytes("k"), Value = TestStore.Bytes("v") });
}
