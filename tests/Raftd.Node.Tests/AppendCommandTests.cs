using System.Text;
using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.Testing.Clocks;

namespace Raftd.Node.Tests;

/// <summary>A command of another assembly goes the whole way: encoded, proposed, in the log, applied, answered, flushed.</summary>
public sealed class AppendCommandTests
{
    private static readonly byte[] Key = Encoding.UTF8.GetBytes("k");

    public AppendCommandTests() => CommandTable.Add(AppendCommand.Form);

    [Fact]
    public async Task Append_ThroughAWholeMember_IsExecutedInOrderAsync()
    {
        using var member = SteppedMember.Leader(new ManualTime());
        Task<ProposalOutcome>[] ended = [.. new[] { "ab", "", "c" }.Select(tail => member.Replica.ProposeAsync(Append(tail)))];
        member.Run();

        foreach (var outcome in await Task.WhenAll(ended))
        {
            Assert.Equal(ProposalEnd.Applied, outcome.End);
            Assert.IsType<DoneResult>(outcome.Result);
        }

        Assert.True(member.State.TryGet(Key, out var item));
        Assert.Equal("abc", Encoding.UTF8.GetString(item.Value.Span));
        Assert.Equal(3, item.Version);
    }

    [Fact]
    public async Task Append_OfNothingToNoKey_IsRefusedAndChangesNothingAsync()
    {
        using var member = SteppedMember.Leader(new ManualTime());
        var ended = member.Replica.ProposeAsync(CommandCodec.Encode(new AppendCommand(default, Key), FeatureLevel.First));
        member.Run();

        var refused = Assert.IsType<ErrorResult>((await ended).Result);
        Assert.Equal((ApplyError.EmptyKey, 1L), (refused.Error, refused.Revision));
    }

    private static ReadOnlyMemory<byte> Append(string tail) =>
        CommandCodec.Encode(new AppendCommand(Key, Encoding.UTF8.GetBytes(tail)), FeatureLevel.First);
}
