// What a member that comes back after a loss of power is held to: it is who it told its cluster to be; it starts, for
// there is no damage that only a loss of power could excuse; its term and vote are not behind what was once durable; its
// store has what History says; index, overlay and store agree (StateMachine.Audit). Then it is started again, and must
// be the same.

using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Node;
using Raftd.Node.Membership;
using Raftd.PowerLoss.Tests.Recording;
using Raftd.Wal;

namespace Raftd.PowerLoss.Tests.Checking;

internal sealed class MemberCheck(string workload)
{
    private LogState _durable;

    /// <summary>Starts of members so far.</summary>
    public int Recoveries { get; private set; }

    /// <summary>The images to come are of the first boundary on: nothing is known to be durable.</summary>
    public void BeginStory() => _durable = default;

    /// <param name="folder">Holds the image.</param>
    /// <param name="history">What must be there.</param>
    /// <param name="isLeast">All that was not synced is lost: what is found was durable, and stays so from here on.</param>
    /// <param name="again">Started a second time, on what the first start left.</param>
    public void Run(string folder, History history, bool isLeast, bool again)
    {
        var options = Workloads.OptionsOf(Path.Combine(folder, Workloads.DataName), workload);
        if (Start(options, history) is not { } first)
        {
            return;
        }

        CheckVote(first.State, isLeast);
        if (again)
        {
            var second = Start(options, history) ?? throw new ViolationException("started once, and not again");
            Require(second.Tail == TailKind.Clean, "the log that a start has copied has a torn tail");
            Require(second.State.Term >= first.State.Term, $"term {second.State.Term} after {first.State.Term}");
            Require(AreSame(first.Content, second.Content), "the second start finds another store than the first");
        }
    }

    /// <summary>Through the whole product: threads, services, peer server, as a process does it.</summary>
    public async Task RunNodeAsync(string folder, History history)
    {
        var options = Workloads.OptionsOf(Path.Combine(folder, Workloads.DataName), workload);
        await using var node = new RaftdNode(options, NullLoggerFactory.Instance);
        await node.StartAsync(CancellationToken.None);
        Recoveries++;
        var all = new RangeRequest { Key = new byte[] { 0 }, RangeEnd = new byte[] { 0 } };
        history.Check(await node.KeyValues.RangeAsync(Caller.Nobody, all, CancellationToken.None));
        CheckAudit(node.Member!);
    }

    private Found? Start(NodeOptions options, History history)
    {
        CheckInstance(options, history);
        using var member = OpenedMember.Open(options);
        Recoveries++;
        if (member is null)
        {
            Require(history.RequiresNothing, "member.json is gone or says that this is no member yet");
            Require(!Directory.Exists(Path.Combine(options.DataDirectory, "wal")), "there is a log, and no member.json");
            return null;
        }

        var recovered = member.Parts.Wal.Recovery;
        if (workload == Workloads.Alone)
        {
            member.Lead();
        }
        else
        {
            member.ApplyLog();
        }

        var content = member.Content();
        history.Check(content);
        CheckAudit(member.Parts);
        return new Found(recovered.State, recovered.Tail.Kind, content);
    }

    /// <summary>Who comes back as another instance is refused by its cluster: its directory was wiped, as far as that knows.</summary>
    private static void CheckInstance(NodeOptions options, History history)
    {
        var found = new IdentityFile(new PosixFileSystem(), options.DataDirectory).Load()?.Instance ?? 0;
        Require(
            history.Instance == 0 || found == history.Instance,
            $"member.json has instance {found:x16}, and as {history.Instance:x16} the member asked to join");
    }

    private void CheckVote(in LogState found, bool isLeast)
    {
        Require(found.Term >= _durable.Term, $"term {found.Term}, and {_durable.Term} was durable");
        Require(
            found.Term > _durable.Term || _durable.Vote == 0 || found.Vote == _durable.Vote,
            $"vote {found.Vote:x16} in term {found.Term}, and {_durable.Vote:x16} was durable");
        _durable = isLeast ? found : _durable;
    }

    private static void CheckAudit(RaftdMember member)
    {
        if (member.State.Audit() is { } difference)
        {
            throw new ViolationException($"audit: {difference}");
        }
    }

    private static bool AreSame(RangeResponse first, RangeResponse second) =>
        first.Revision == second.Revision
        && first.Items.Select(item => item.ModRevision).SequenceEqual(second.Items.Select(item => item.ModRevision));

    private static void Require(bool condition, string violation)
    {
        if (!condition)
        {
            throw new ViolationException(violation);
        }
    }

    private sealed record Found(LogState State, TailKind Tail, RangeResponse Content);
}
