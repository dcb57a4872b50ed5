// The requests of other threads to the replica: proposals, read barriers, changes of the members.

using System.Runtime.InteropServices;
using Raftd.Node.Membership.Changes;
using Raftd.Raft;
using Raftd.State.Commands;
using Raftd.State.Leading;

namespace Raftd.Node.Replication;

internal sealed partial class Replica
{
    /// <summary>Proposes a command. The task always ends, with the applied result or the reason there is none.</summary>
    public Task<ProposalOutcome> ProposeAsync(ReadOnlyMemory<byte> command)
    {
        var proposal = new Proposal(command, DeadlineFromNow(), _budget, CommandCodec.MaxGrowth(command.Span));
        Propose(proposal);
        return proposal.Task;
    }

    /// <summary>As ProposeAsync, for a caller that is called back and does not await.</summary>
    /// <param name="command">The encoded command; the caller never writes to the bytes again.</param>
    /// <param name="deadline">Timestamp; cut to the time limit of a request.</param>
    /// <param name="ended">Called once, on any thread, perhaps before this call returns.</param>
    public void Propose(ReadOnlyMemory<byte> command, long deadline, Action<ProposalOutcome> ended) =>
        Propose(new Proposal(
            command, Math.Min(deadline, DeadlineFromNow()), _budget, CommandCodec.MaxGrowth(command.Span))
        {
            Ended = ended,
        });

    private void Propose(Proposal proposal)
    {
        _budget.TakeAnyway(proposal.Command.Length);
        if (_budget.IsExceeded(proposal.Command.Length) || !_inbox.TryPost(new ReplicaInput.Propose(proposal), mayWait: !IsLarge(proposal)))
        {
            proposal.End(ProposalEnd.TooMany);
        }
    }

    /// <summary>For the replica's own thread: the command is proposed with the next batch, even above the bounds.</summary>
    public Task<ProposalOutcome> ProposeFromLoop(ReadOnlyMemory<byte> command) => Gather(command).Task;

    /// <summary>Ends with true once this member has applied everything acknowledged before the call.</summary>
    public ValueTask<bool> ReadBarrierAsync() => ReadBarrierAsync(_options.RequestTimeLimit);

    /// <param name="limit">For a caller that cannot wait as long as a request may; checked at each tick.</param>
    public ValueTask<bool> ReadBarrierAsync(TimeSpan limit)
    {
        var status = _status;
        if (status.LeadsAlone)
        {
            return ValueTask.FromResult(true);
        }

        var barrier = new ReadBarrier(_time.TimestampAfter(limit));
        return status.FencedBecause is null && _inbox.TryPost(new ReplicaInput.Read(barrier))
            ? new ValueTask<bool>(barrier.Task)
            : ValueTask.FromResult(false);
    }

    /// <summary>As ReadBarrierAsync, but always with a round that begins after this call, as a renewal needs.</summary>
    public Task<bool> LeadershipBarrierAsync()
    {
        var barrier = new ReadBarrier(DeadlineFromNow());
        return _inbox.TryPost(new ReplicaInput.Read(barrier)) ? barrier.Task : Task.FromResult(false);
    }

    /// <summary>Changes the members, if this member leads. The task always ends, and never throws.</summary>
    public Task<MembershipOutcome> ChangeMembersAsync(MembershipChange wanted) =>
        AskAsync(new MembershipRequest.Change(wanted, DeadlineFromNow()));

    /// <summary>Hands leadership over, if this member has it. The task always ends, and never throws.</summary>
    /// <param name="to">0 for the member most likely to win.</param>
    public Task<MembershipOutcome> HandOverAsync(ulong to) => AskAsync(new MembershipRequest.HandOver(to, DeadlineFromNow()));

    private Task<MembershipOutcome> AskAsync(MembershipRequest request)
    {
        if (!_inbox.TryPost(new ReplicaInput.Members(request)))
        {
            request.SetResult(new MembershipOutcome { Failure = Refusals.TooMany() });
        }

        return request.Task;
    }

    /// <summary>For the replica's own thread: proposes a configuration.</summary>
    /// <returns>The core's answer, and with Accepted the proposal to wait for.</returns>
    public (ProposeResult Result, Proposal? Proposal) ProposeConfiguration(Configuration next)
    {
        var proposal = new Proposal(ReadOnlyMemory<byte>.Empty, DeadlineFromNow(), _budget, growthBytes: 0);
        var result = _raft.ProposeConfiguration(next, out var entry);
        if (result != ProposeResult.Accepted)
        {
            return (result, null);
        }

        _proposals.Add(proposal, entry);
        Failpoint.Hit("member.proposed");
        return (result, proposal);
    }

    /// <summary>A message from a peer. False when too much waits: its stream must wait too.</summary>
    /// <param name="message">Decoded, and with a sender that was checked.</param>
    /// <param name="bytes">Its size on the wire; 0 for a message that this member made itself.</param>
    public bool TryReceive(Message message, int bytes = 0)
    {
        if (!_received.TryTake(bytes))
        {
            return false;
        }

        if (_inbox.TryPost(new ReplicaInput.Received(message, bytes), mayWait: IsNoNews(message)))
        {
            return true;
        }

        _received.GiveBack(bytes);
        return false;
    }

    /// <summary>The acknowledgement of a follower that is slower than those who made the commit: it frees a place in what may be
    /// under way to that follower, for which the next append is early enough.</summary>
    private bool IsNoNews(Message message) =>
        message is { Kind: MessageKind.MsgAppResp, Reject: false, Recovering: false } && message.Index == _status.Commit;

    public void Offer(SnapshotOffer offer) => _inbox.Post(new ReplicaInput.Snapshot(offer));

    /// <summary>The stream of a snapshot to a peer has ended, with success or without.</summary>
    public void SnapshotEnded(NodeId to, ulong index, bool installed) =>
        _inbox.Post(new ReplicaInput.SnapshotEnded(to, index, installed));

    public void PeerUnreachable(NodeId peer) => _inbox.Post(new ReplicaInput.Unreachable(peer));

    /// <summary>From the log, which may begin there from now on: answered by ReleaseLog.</summary>
    public void LogReleasing(ulong index) => _inbox.Post(new ReplicaInput.Releasing(index));

    public void EntriesRead(EntriesWanted wanted, IReadOnlyList<Entry> entries) =>
        _inbox.Post(new ReplicaInput.EntriesRead(wanted, entries));

    public void Durable(ulong sequence) => _inbox.Post(new ReplicaInput.Durable(sequence));

    public void Applied(ulong index) => _inbox.Post(new ReplicaInput.Applied(index));

    /// <summary>Ends all requests that still wait. Called once the loop has stopped.</summary>
    public void EndWaiting()
    {
        _inbox.Take(ref _batch);
        _gathered.AddRange(_batch.OfType<ReplicaInput.Propose>().Select(static input => input.Proposal));
        _batch.Clear();
        EndGathered(ProposalEnd.NotProposed);
        _quota.EndLeadership();
        _proposals.EndAll();
        _reads.EndAll();
        _membership.EndAll();
    }

    private Proposal Gather(ReadOnlyMemory<byte> command)
    {
        var proposal = new Proposal(command, DeadlineFromNow(), _budget, growthBytes: 0);
        _budget.TakeAnyway(command.Length);
        _gathered.Add(proposal);
        return proposal;
    }

    private static bool IsLarge(Proposal proposal) => proposal.Command.Length >= AppendPacer.LargeBytes;

    private void AcceptProposal(Proposal proposal)
    {
        _gathered.Add(proposal);
        if (IsLarge(proposal))
        {
            _pacer.End();
        }
    }

    private void ProposeGathered()
    {
        if (CommandsWanted() > 0)
        {
            return;
        }

        if (IsLeading)
        {
            RefuseAboveLevel();
            _quota.Admit(_gathered, knowsUnderWay: _promotingTerm == _raft.Term);
            RoomSought(_quota.NeedsRoom);
        }

        if (_gathered.Count == 0)
        {
            return;
        }

        if (_fencedBecause is not null || !_log.HasRoomFor(_gathered))
        {
            EndGathered(_fencedBecause is null ? ProposalEnd.NoSpace : ProposalEnd.NotProposed);
            return;
        }

        foreach (var proposal in _gathered)
        {
            _commands.Add(proposal.Command);
        }

        var result = _raft.Propose(CollectionsMarshal.AsSpan(_commands), out var first);
        _commands.Clear();
        if (result == ProposeResult.Accepted)
        {
            Register(first);
        }
        else
        {
            EndGathered(result == ProposeResult.Dropped ? ProposalEnd.TooMany : ProposalEnd.NotProposed);
        }
    }

    private void Register(EntryId first)
    {
        Failpoint.Hit("propose.accepted");
        for (var i = 0; i < _gathered.Count; i++)
        {
            _proposals.Add(_gathered[i], first with { Index = first.Index + (ulong)i });
        }

        _gathered.Clear();
    }

    private void EndGathered(ProposalEnd end)
    {
        foreach (var proposal in _gathered)
        {
            proposal.End(end);
        }

        _gathered.Clear();
    }

    private void BeginReads()
    {
        if (_reads.HasWaiting && _fencedBecause is null)
        {
            _raft.RequestRead(_reads.BeginRound(_ticks));
        }
    }
}
