// Where each part of a Ready goes: messages to the peers, writes to the log, committed entries to the applier, reads to their
// callers.
//
// A Ready may be taken while the disk still works on those before it. What keeps that safe:
//
//   - Works reach the log in the order of their Readys, because one thread takes them and posts each at once.
//   - Messages that wait for a write travel inside its work (LogWork.Messages), never beside it. So no path leads them to the
//     peers but the sync that covers them.
//   - An install goes to the applier and, in its place among the works, to the log: the log holds everything behind it until
//     the state is in place (PendingInstall).
//   - A proposal is matched with the entry at its index before the entry goes to the applier, so its caller gets the result
//     of its own command, or hears that another entry took the place (ProposalLedger).

using Raftd.Node.Membership;
using Raftd.Raft;

namespace Raftd.Node.Replication;

internal sealed partial class Replica
{
    // The snapshot offered to the core in this step, until the core accepts or ignores it.
    private SnapshotOffer? _offer;

    // The configuration in force and the newest committed one, and the members that each names. Compared by reference: a
    // new leader may put another configuration at the index of the one it overwrites.
    private Configuration? _followed;
    private MemberTable _members;
    private Configuration? _committed;
    private MemberTable _committedMembers;
    private bool _followsFormer;

    private void HandleReady()
    {
        while (_raft.HasReady)
        {
            Handle(_raft.TakeReady());
        }
    }

    private void Handle(Ready ready)
    {
        foreach (var happening in ready.Events)
        {
            RaftEventLog.Write(_logger, happening);
        }

        NoteTerm(ready);
        Failpoint.Hit("ready.taken");
        if (Spoken(ready.Messages) is { Count: > 0 } messages)
        {
            _peers.Send(messages);
        }

        var install = ready.Snapshot is { } snapshot ? BeginInstall(snapshot) : null;
        HandToLog(ready, install);
        HandToApplier(ready.Committed);
        foreach (var read in ready.ReadStates)
        {
            _reads.Confirmed(read.Context, read.Index, _applied);
        }

        foreach (var context in ready.FailedReads)
        {
            _reads.Failed(context);
        }

        foreach (var wanted in ready.EntriesWanted)
        {
            EntriesWanted(wanted);
        }

        foreach (var peer in ready.SnapshotsToSend)
        {
            _peers.SendSnapshot(peer, SnapshotHeader(peer));
        }
    }

    /// <summary>A fenced member sends nothing, not even messages that its core made before the fence.</summary>
    private IReadOnlyList<Message> Spoken(IReadOnlyList<Message> messages) => _fencedBecause is null ? messages : [];

    private void HandToLog(Ready ready, PendingInstall? install)
    {
        if (ready.HardState is null && ready.Entries.Count == 0 && ready.MessagesAfterDurable.Count == 0 && install is null)
        {
            return;
        }

        if (ready.Entries.Count > 0 && IsLeading && _raft.Configuration.Voters.Length > 1)
        {
            _pacer.Appended(ready.Sequence, ready.Entries[^1].Index, ready.Entries.Count);
        }

        _log.Post(new LogWork
        {
            Sequence = ready.Sequence,
            State = ready.HardState,
            Entries = ready.Entries,
            Messages = Spoken(ready.MessagesAfterDurable),
            MustSync = ready.MustSync,
            Install = install,
        });
    }

    private void HandToApplier(IReadOnlyList<Entry> committed)
    {
        if (committed.Count == 0)
        {
            return;
        }

        var proposals = new Proposal?[committed.Count];
        for (var i = 0; i < proposals.Length; i++)
        {
            proposals[i] = _proposals.Count == 0 ? null : _proposals.TakeCommitted(committed[i].Id);
        }

        _applier.Post(new ApplyWork.Committed(committed, proposals));
    }

    /// <summary>The core decides about an offered snapshot within this step: it accepts it now or never.</summary>
    private void AcceptSnapshot(SnapshotOffer offer)
    {
        // First what the core has made so far, so that a Snapshot in a Ready below is this one.
        HandleReady();
        _offer = offer;
        Receive(offer.Header);
        HandleReady();
        if (_offer is not null)
        {
            _offer = null;
            offer.TrySetResult(false);
        }
    }

    private PendingInstall BeginInstall(SnapshotInstall snapshot)
    {
        Invariant.Check(_offer is not null, $"the core installs a snapshot at {snapshot.Metadata.Id.Index} that was not offered");
        var install = new PendingInstall(snapshot.Metadata.Id, _offer);
        _offer = null;
        _proposals.SkipTo(install.Snapshot.Index);
        _applier.Post(new ApplyWork.Install(install));
        return install;
    }

    private Message SnapshotHeader(NodeId to) => new()
    {
        Kind = MessageKind.MsgSnap,
        From = _raft.Id,
        To = to,
        Term = _raft.Term,
    };

    /// <summary>A configuration counts from append, so the addresses of new members are needed before it is committed. Those of
    /// old members are needed until it is: a leader that removed itself needs the acknowledgements of the others to commit
    /// that, and they must still reach it (thesis 4.2.2).</summary>
    private void FollowConfiguration()
    {
        if (!ReferenceEquals(_raft.Configuration, _followed))
        {
            _followed = _raft.Configuration;
            var former = _members;
            _members = MemberTable.Decode(_followed.Context.Span);
            _peers.Follow(_members.WithThoseOnlyIn(former));
            _followsFormer = true;
        }
        else if (_followsFormer && _raft.Commit >= _raft.ConfigurationIndex)
        {
            _peers.Follow(_members);
            _followsFormer = false;
        }

        if (!ReferenceEquals(_raft.CommittedConfiguration, _committed))
        {
            _committed = _raft.CommittedConfiguration;
            _committedMembers = ReferenceEquals(_committed, _followed)
                ? _members
                : MemberTable.Decode(_committed.Context.Span);
        }
    }
}
