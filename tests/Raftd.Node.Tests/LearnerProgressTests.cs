using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.Testing.Disks;
using Raftd.Wal;

namespace Raftd.Node.Tests;

/// <summary>Who may be promoted (failure 16 of docs/failures.md): not who was never started, is behind, or has fallen
/// silent.
/// </summary>
public sealed class LearnerProgressTests : IDisposable
{
    private const int ElectionTicks = 10;
    private static readonly NodeId Learner = new(2);

    private readonly WriteAheadLog _wal;
    private readonly RaftNode _leader;

    public LearnerProgressTests()
    {
        _wal = WriteAheadLog.Open(
            new MemoryFileSystem(), "/wal", new WalOptions { SegmentSizeBytes = 64 << 10, MaxRecordBytes = 8 << 10, ReserveBytes = 4096 });
        var options = new RaftOptions
        {
            Id = new NodeId(1),
            ElectionTimeoutTicks = ElectionTicks,
            HeartbeatTicks = 1,
            MaxInflightMessages = 4,
            MaxInflightBytes = 4096,
            MaxMessageBytes = 1024,
            MaxUncommittedBytes = 4096,
            MaxCachedBytes = 4096,
            ReadIdSeed = 1,
        };
        var founding = new Configuration([new NodeId(1)], [Learner]);
        _leader = new RaftNode(options, new WalRaftStorage(_wal), new SeededRandom(1), new RaftBootState { Configuration = founding });
        _leader.Campaign();
        Settle();
        Assert.True(_leader.HasCommittedInTerm);
    }

    public void Dispose() => _wal.Dispose();

    [Fact]
    public void Learner_NeverStarted_HasNotCaughtUp()
    {
        Assert.False(HasCaughtUp());
        Tick(3 * ElectionTicks);
        Assert.Equal(RaftRole.Leader, _leader.Role);
        Assert.False(HasCaughtUp());
    }

    [Fact]
    public void Learner_OneEntryBehindTheCommit_HasNotCaughtUp()
    {
        Propose();
        Acknowledge(_leader.Commit - 1);
        Assert.False(HasCaughtUp());
        Acknowledge(_leader.Commit);
        Assert.True(HasCaughtUp());
    }

    /// <summary>Under writes there is always an entry that is on its way: waiting for a moment without one would be for ever.
    /// </summary>
    [Fact]
    public void Learner_AlwaysOneEntryBehindWhileWritesGoOn_HasCaughtUp()
    {
        for (var tick = 0; tick < 2; tick++)
        {
            Assert.False(HasCaughtUp());
            Propose();
            Acknowledge(_leader.Commit - 1);
            Tick(1);
        }

        Assert.True(HasCaughtUp());
    }

    [Fact]
    public void Learner_ThatTakesAnElectionTimeoutForEachRound_HasNotCaughtUp()
    {
        for (var round = 0; round < 3; round++)
        {
            var target = _leader.LastIndex;
            for (var tick = 0; tick < ElectionTicks; tick++)
            {
                Propose();
                Acknowledge(_leader.Commit > target + 1 ? target - 1 : 1);
                Tick(1);
                Assert.False(HasCaughtUp());
            }

            Acknowledge(target);
        }
    }

    [Fact]
    public void Learner_ThatKeptUpAndStalls_HasNotCaughtUpAnyMore()
    {
        for (var tick = 0; tick < 5; tick++)
        {
            Propose();
            Acknowledge(_leader.Commit - 1);
            Tick(1);
        }

        Assert.True(HasCaughtUp());
        for (var tick = 0; tick < 2 * ElectionTicks; tick++)
        {
            Propose();
            Acknowledge(1);
            Tick(1);
        }

        Assert.False(HasCaughtUp());
    }

    [Fact]
    public void Learner_SilentForTwoElectionTimeouts_HasNotCaughtUpAnyMore()
    {
        Acknowledge(_leader.Commit);
        Assert.True(HasCaughtUp());
        Tick(2 * ElectionTicks);
        Assert.False(HasCaughtUp());
        Acknowledge(_leader.Commit);
        Assert.True(HasCaughtUp());
    }

    [Fact]
    public void Learner_ThatLostItsTail_HasNotCaughtUp()
    {
        Acknowledge(_leader.Commit);
        Acknowledge(_leader.Commit, recovering: true);
        Assert.False(HasCaughtUp());
    }

    [Fact]
    public void HasCaughtUp_Stranger_IsFalse() => Assert.False(LearnerProgress.Of(_leader, new NodeId(9)).HasCaughtUp);

    private bool HasCaughtUp() => LearnerProgress.Of(_leader, Learner).HasCaughtUp;

    private void Propose()
    {
        Assert.Equal(ProposeResult.Accepted, _leader.Propose([new byte[1]], out _));
        Settle();
    }

    private void Acknowledge(ulong index, bool recovering = false)
    {
        _leader.Step(new Message
        {
            Kind = MessageKind.MsgAppResp,
            From = Learner,
            To = _leader.Id,
            Term = _leader.Term,
            Index = index,
            Nonce = recovering ? 7UL : 0,
            Recovering = recovering,
        });
        Settle();
    }

    private void Tick(int count)
    {
        for (var tick = 0; tick < count; tick++)
        {
            _leader.Tick();
            Settle();
        }
    }

    private void Settle()
    {
        while (_leader.HasReady)
        {
            var ready = _leader.TakeReady();
            _wal.Append([.. ready.Entries.Select(entry => new LogEntry(entry.Term, entry.Index, (byte)entry.Kind, entry.Data))], null);
            _wal.Sync();
            _leader.Durable(ready.Sequence);
            if (ready.Committed.Count > 0)
            {
                _leader.Applied(ready.Committed[^1].Index);
            }
        }
    }
}
