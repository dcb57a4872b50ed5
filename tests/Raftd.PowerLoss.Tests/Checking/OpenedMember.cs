using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Node;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.State.Loops;
using Raftd.Wal;

namespace Raftd.PowerLoss.Tests.Checking;

/// <summary>A member started on what a power loss left: the product's own start and loops, stepped by the test's thread,
/// with no peer to talk to.</summary>
internal sealed class OpenedMember : IPeerTransport, IDisposable
{
    private const int MostSteps = 10_000;

    private readonly DirectoryLock _lock;
    private readonly StartedMember _started;

    private OpenedMember(NodeOptions options, IdentityFile file, MemberIdentity identity)
    {
        _lock = DirectoryLock.Acquire(options.DataDirectory);
        try
        {
            _started = MemberStart.Run(options, file, identity, this, TimeProvider.System, NullLogger.Instance);
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    public RaftdMember Parts => _started.Member;

    private ILoop[] Loops => [Parts.Replica, Parts.Log, Parts.Applier, Parts.Flusher];

    /// <summary>Starts what is there; null where there is no member yet, only the beginnings of one.</summary>
    public static OpenedMember? Open(NodeOptions options)
    {
        var files = new PosixFileSystem();
        DataDirectory.Prepare(files, options.DataDirectory);
        var file = new IdentityFile(files, options.DataDirectory);
        return file.Load() is { IsMember: true } identity ? new OpenedMember(options, file, identity) : null;
    }

    /// <summary>As the only voter it elects itself, and applies all its log has.</summary>
    public void Lead()
    {
        Step("lead", () => Parts.Replica.Status.IsPromoted);
        Tick();
    }

    /// <summary>As one of several it hears of no commit: what its log has beyond its state is applied as if it did.</summary>
    public void ApplyLog()
    {
        var (applied, last) = (Parts.State.Applied.Index, Parts.Wal.LastIndex);
        if (last > applied)
        {
            var entries = new WalRaftStorage(Parts.Wal).Entries(applied + 1, last + 1, long.MaxValue);
            Parts.Applier.Post(new ApplyWork.Committed(entries, new Proposal?[entries.Count]));
        }

        while (Parts.State.Applied.Index < last)
        {
            Parts.Applier.Step();
            Parts.Flusher.Step();
        }
    }

    public RangeResponse Content() => Parts.State.Range(new RangeRequest { Key = new byte[] { 0 }, RangeEnd = new byte[] { 0 } });

    public void Dispose()
    {
        _started.Member.Dispose();
        _started.State.Dispose();
        _lock.Dispose();
    }

    void IPeerTransport.Send(IReadOnlyList<Message> messages)
    {
        // No peer is there.
    }

    void IPeerTransport.SendSnapshot(NodeId to, Message header)
    {
        // No peer is there.
    }

    void IPeerTransport.Follow(MemberTable members)
    {
        // No peer is there.
    }

    /// <summary>What the loops do at leisure: flush, let go of the log, make the next segment.</summary>
    private void Tick()
    {
        foreach (var loop in Loops)
        {
            loop.Tick();
        }

        Step("come to rest", () => true);
    }

    private void Step(string aim, Func<bool> isReached)
    {
        for (var step = 0; step < MostSteps; step++)
        {
            var isBusy = false;
            foreach (var loop in Loops)
            {
                isBusy |= loop.Step();
            }

            if (!isBusy && isReached())
            {
                return;
            }
        }

        throw new ViolationException($"the member does not {aim} in {MostSteps} steps: {Parts.Replica.Status}");
    }
}
