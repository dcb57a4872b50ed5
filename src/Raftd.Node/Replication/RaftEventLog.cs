using Microsoft.Extensions.Logging;
using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>The core has no logger: its events become log lines here, each kind with an id that never changes.</summary>
internal static partial class RaftEventLog
{
    public static void Write(ILogger logger, RaftEvent happening)
    {
        switch (happening)
        {
            case CampaignStarted it: Campaigning(logger, it.Term, it.Campaign); break;
            case CampaignLost it: Lost(logger, it.Term, it.Campaign); break;
            case BecameLeader it: Leading(logger, it.Term, it.Unanimously); break;
            case SteppedDown it: SteppingDown(logger, it.Term, it.Reason); break;
            case VoteGranted it: Granted(logger, it.Candidate.Value, it.Term, it.PreVote); break;
            case VoteRefused it: Refused(logger, it.Candidate.Value, it.Term, it.PreVote, it.Reason); break;
            case TermSeen it: NewTerm(logger, it.OldTerm, it.NewTerm, it.From.Value); break;
            case ConflictTruncated it: Truncated(logger, it.FromIndex, it.OldLastIndex, it.NewTerm); break;
            case ConfigurationChanged it:
                Configured(logger, it.Index, it.Configuration.Voters.Length, it.Configuration.Learners.Length);
                break;
            case ConfigurationRolledBack it: RolledBack(logger, it.FromIndex, it.ToIndex); break;
            case PeerStateChanged it: Peer(logger, it.Peer.Value, it.State, it.Match, it.Next); break;
            case PeerRecovering it: PeerLost(logger, it.Peer.Value, it.TargetIndex); break;
            case PeerRecovered it: PeerWhole(logger, it.Peer.Value); break;
            case RecoveryStarted it: Recovering(logger, it.Reason); break;
            case RecoveryEnded it: Recovered(logger, it.Reason); break;
            case DiskStalled it: Stalled(logger, it.AgeTicks); break;
            case ReadRoundRetried it: ReadRetried(logger, it.ReadId, it.Attempt); break;
            case TransferStarted it: Transferring(logger, it.To.Value); break;
            case TransferAborted it: TransferLost(logger, it.To.Value); break;
            case SnapshotAccepted it: Accepted(logger, it.Id.Index, it.From.Value); break;
            case SnapshotIgnored it: Ignored(logger, it.Id.Index, it.From.Value); break;
            case MessageDropped it: Dropped(logger, it.Kind, it.From.Value, it.Reason); break;
            default: Other(logger, happening.ToString()); break;
        }
    }

    [LoggerMessage(2000, LogLevel.Information, "campaigning in term {Term} ({Campaign})")]
    private static partial void Campaigning(ILogger logger, ulong term, CampaignKind campaign);

    [LoggerMessage(2001, LogLevel.Information, "lost the campaign of term {Term} ({Campaign})")]
    private static partial void Lost(ILogger logger, ulong term, CampaignKind campaign);

    [LoggerMessage(2002, LogLevel.Information, "leading in term {Term} (unanimously: {Unanimously})")]
    private static partial void Leading(ILogger logger, ulong term, bool unanimously);

    [LoggerMessage(2003, LogLevel.Warning, "stepping down in term {Term}: {Reason}")]
    private static partial void SteppingDown(ILogger logger, ulong term, StepDownReason reason);

    [LoggerMessage(2004, LogLevel.Information, "voted for {Candidate:x16} in term {Term} (pre-vote: {PreVote})")]
    private static partial void Granted(ILogger logger, ulong candidate, ulong term, bool preVote);

    [LoggerMessage(2005, LogLevel.Information, "refused {Candidate:x16} a vote in term {Term} (pre-vote: {PreVote}): {Reason}")]
    private static partial void Refused(ILogger logger, ulong candidate, ulong term, bool preVote, VoteRefusal reason);

    [LoggerMessage(2006, LogLevel.Debug, "term {OldTerm} ends, {From:x16} is in term {NewTerm}")]
    private static partial void NewTerm(ILogger logger, ulong oldTerm, ulong newTerm, ulong from);

    [LoggerMessage(2007, LogLevel.Warning, "entries {FromIndex} to {OldLastIndex} are replaced by those of term {NewTerm}")]
    private static partial void Truncated(ILogger logger, ulong fromIndex, ulong oldLastIndex, ulong newTerm);

    [LoggerMessage(2008, LogLevel.Information, "configuration of entry {Index}: {Voters} voters, {Learners} learners")]
    private static partial void Configured(ILogger logger, ulong index, int voters, int learners);

    [LoggerMessage(2009, LogLevel.Warning, "configuration of entry {FromIndex} is rolled back to that of entry {ToIndex}")]
    private static partial void RolledBack(ILogger logger, ulong fromIndex, ulong toIndex);

    [LoggerMessage(2010, LogLevel.Debug, "peer {Peer:x16} is in {State}: match {Match}, next {Next}")]
    private static partial void Peer(ILogger logger, ulong peer, ProgressState state, ulong match, ulong next);

    [LoggerMessage(2011, LogLevel.Warning, "peer {Peer:x16} may have lost entries: it counts again once it has {TargetIndex}")]
    private static partial void PeerLost(ILogger logger, ulong peer, ulong targetIndex);

    [LoggerMessage(2012, LogLevel.Information, "peer {Peer:x16} is whole again")]
    private static partial void PeerWhole(ILogger logger, ulong peer);

    [LoggerMessage(2013, LogLevel.Warning, "this member may have lost entries ({Reason}): its votes and acknowledgements do not count until a leader has made it whole")]
    private static partial void Recovering(ILogger logger, RecoveryReason reason);

    [LoggerMessage(2014, LogLevel.Information, "this member is whole again ({Reason})")]
    private static partial void Recovered(ILogger logger, RecoveryEnd reason);

    [LoggerMessage(2015, LogLevel.Error, "the log's disk has not answered for {AgeTicks} ticks")]
    private static partial void Stalled(ILogger logger, ulong ageTicks);

    [LoggerMessage(2016, LogLevel.Debug, "read round {ReadId} is asked again, attempt {Attempt}")]
    private static partial void ReadRetried(ILogger logger, ulong readId, int attempt);

    [LoggerMessage(2017, LogLevel.Information, "handing leadership to {To:x16}")]
    private static partial void Transferring(ILogger logger, ulong to);

    [LoggerMessage(2018, LogLevel.Warning, "leadership did not pass to {To:x16} in time")]
    private static partial void TransferLost(ILogger logger, ulong to);

    [LoggerMessage(2019, LogLevel.Information, "installing the snapshot as of {Index} from {From:x16}")]
    private static partial void Accepted(ILogger logger, ulong index, ulong from);

    [LoggerMessage(2020, LogLevel.Information, "ignored the snapshot as of {Index} from {From:x16}: this member has all of it")]
    private static partial void Ignored(ILogger logger, ulong index, ulong from);

    [LoggerMessage(2021, LogLevel.Warning, "dropped a {Kind} from {From:x16}, which no correct member sends: {Reason}")]
    private static partial void Dropped(ILogger logger, MessageKind kind, ulong from, string reason);

    [LoggerMessage(2099, LogLevel.Information, "{Event}")]
    private static partial void Other(ILogger logger, string @event);
}
