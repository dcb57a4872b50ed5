using Microsoft.Extensions.Logging;
using Raftd.Contract;

namespace Raftd.Node;

/// <summary>Every log line of the node, with an id that never changes. 1000 to 1099 life of the member, 1100 to 1199 peers and
/// snapshots, 1200 to 1299 disk, 1300 to 1399 requests and duties. The core's events are 2000 and up (RaftEventLog).</summary>
internal static partial class NodeLog
{
    [LoggerMessage(1000, LogLevel.Information, "starting {Label} on {DataDirectory}")]
    public static partial void Starting(ILogger logger, string label, string dataDirectory);

    [LoggerMessage(1001, LogLevel.Information, "founded cluster {ClusterId:x16}, this is member {MemberId:x16}")]
    public static partial void Founded(ILogger logger, ulong clusterId, ulong memberId);

    [LoggerMessage(1002, LogLevel.Information, "joined cluster {ClusterId:x16} as member {MemberId:x16}")]
    public static partial void Joined(ILogger logger, ulong clusterId, ulong memberId);

    [LoggerMessage(1003, LogLevel.Warning, "cannot join through {Target}: {Reason}; trying again in {Delay}")]
    public static partial void JoinRetried(ILogger logger, string target, string reason, TimeSpan delay);

    [LoggerMessage(1004, LogLevel.Information, "-join is ignored: {DataDirectory} holds member {MemberId:x16} already")]
    public static partial void JoinIgnored(ILogger logger, string dataDirectory, ulong memberId);

    [LoggerMessage(1005, LogLevel.Information, "waiting {Wait} for peers that know this address before founding a cluster")]
    public static partial void WaitingToFound(ILogger logger, TimeSpan wait);

    [LoggerMessage(1006, LogLevel.Information,
        "running: applied {Applied}, log {FirstIndex} to {LastIndex}, revision {Revision}, opened in {Elapsed}")]
    public static partial void Running(
        ILogger logger, ulong applied, ulong firstIndex, ulong lastIndex, long revision, TimeSpan elapsed);

    [LoggerMessage(1007, LogLevel.Information, "stopping: handing over leadership, draining, syncing")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(1008, LogLevel.Information, "stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(1009, LogLevel.Critical, "stopping the process: {Reason}")]
    public static partial void Fatal(ILogger logger, Exception failure, string reason);

    [LoggerMessage(1010, LogLevel.Warning,
        "the log ends in a torn write ({BytesDropped} bytes dropped): this member's votes and acknowledgements do not count "
        + "until a leader has made it whole")]
    public static partial void TornTail(ILogger logger, long bytesDropped);

    [LoggerMessage(1011, LogLevel.Warning, "the state is ahead of the log ({StateIndex} against {LogIndex}): the log restarts there")]
    public static partial void LogRestarted(ILogger logger, ulong stateIndex, ulong logIndex);

    [LoggerMessage(1012, LogLevel.Information, "the cluster knows this member under {Old}: asking it to use {New}")]
    public static partial void AddressChanged(ILogger logger, string old, string @new);

    [LoggerMessage(1013, LogLevel.Warning,
        "the thread pool was starved for {Duration}: all its threads were blocked; it has {Threads} now and starts up to {MinThreads} "
        + "at once")]
    public static partial void PoolStarved(ILogger logger, TimeSpan duration, int threads, int minThreads);

    [LoggerMessage(1014, LogLevel.Error,
        "the thread pool is starved and has {Threads} threads: no more than {MinThreads} are started at once; find out what blocks them")]
    public static partial void PoolExhausted(ILogger logger, int threads, int minThreads);

    [LoggerMessage(1100, LogLevel.Information, "connected to {Peer} at {Address}{Path}")]
    public static partial void PeerConnected(ILogger logger, string peer, string address, string path);

    [LoggerMessage(1101, LogLevel.Warning,
        "cannot reach {Peer} at {Address}{Path}: {Reason}; trying again at least every {LongestDelay}")]
    public static partial void PeerUnreachable(
        ILogger logger, string peer, string address, string path, string reason, TimeSpan longestDelay);

    [LoggerMessage(1103, LogLevel.Error, "closed the stream of {Peer}, which sent bytes that no member sends: {Reason}")]
    public static partial void PeerGarbage(ILogger logger, string peer, string reason);

    [LoggerMessage(1104, LogLevel.Warning, "ignored a notice that this member was removed ({Notice}): {Flaw}")]
    public static partial void RemovalDoubted(ILogger logger, string notice, string flaw);

    [LoggerMessage(1110, LogLevel.Information, "sending {Peer} a snapshot as of {Index}, from chunk {First} of {Chunks}")]
    public static partial void SnapshotSending(ILogger logger, string peer, ulong index, ulong first, ulong chunks);

    [LoggerMessage(1111, LogLevel.Information, "{Peer} has installed the snapshot as of {Index}")]
    public static partial void SnapshotSent(ILogger logger, string peer, ulong index);

    [LoggerMessage(1112, LogLevel.Warning, "the snapshot for {Peer} as of {Index} did not arrive: {Reason}")]
    public static partial void SnapshotFailed(ILogger logger, string peer, ulong index, string reason);

    [LoggerMessage(1113, LogLevel.Information, "receiving a snapshot as of {Index}")]
    public static partial void SnapshotReceiving(ILogger logger, ulong index);

    [LoggerMessage(1114, LogLevel.Warning, "dropped a snapshot, the state stays as it was: {Reason}")]
    public static partial void SnapshotRefused(ILogger logger, string reason);

    [LoggerMessage(1122, LogLevel.Information, "the snapshot as of {Index} goes on with chunk {Next} of {Chunks}")]
    public static partial void SnapshotResuming(ILogger logger, ulong index, ulong next, ulong chunks);

    [LoggerMessage(1123, LogLevel.Warning, "the snapshot from {Peer} broke off at chunk {Chunk} and waits to resume: {Reason}")]
    public static partial void SnapshotBrokenOff(ILogger logger, string peer, ulong chunk, string reason);

    [LoggerMessage(1115, LogLevel.Information, "installed a snapshot as of {Index}")]
    public static partial void SnapshotInstalled(ILogger logger, ulong index);

    [LoggerMessage(1116, LogLevel.Information, "spooling a snapshot as of {Index}")]
    public static partial void SpoolBegun(ILogger logger, ulong index);

    [LoggerMessage(1117, LogLevel.Information, "spooled the snapshot as of {Index}: {Bytes} bytes in {Chunks} chunks")]
    public static partial void SpoolWritten(ILogger logger, ulong index, long bytes, long chunks);

    [LoggerMessage(1118, LogLevel.Information, "the state's store waits for its readers: spooling the snapshot as of {Index} starts again")]
    public static partial void SpoolRestarted(ILogger logger, ulong index);

    [LoggerMessage(1119, LogLevel.Error, "no snapshot could be spooled: {Reason}")]
    public static partial void SpoolFailed(ILogger logger, string reason);

    [LoggerMessage(1120, LogLevel.Warning, "a spooled snapshot could not be deleted, the next start does it: {Reason}")]
    public static partial void SpoolLeft(ILogger logger, string reason);

    [LoggerMessage(1121, LogLevel.Warning,
        "the log behind the snapshot of member {Member:x16} at {Index} passed -max-pinned-log-bytes ({MaxBytes}): the member starts again with another snapshot")]
    public static partial void LogPinLost(ILogger logger, ulong member, ulong index, long maxBytes);

    [LoggerMessage(1200, LogLevel.Error, "the disk of the log is full, writes wait: {Reason}")]
    public static partial void LogDiskFull(ILogger logger, string reason);

    [LoggerMessage(1201, LogLevel.Information, "the disk of the log has room again")]
    public static partial void LogDiskHasRoom(ILogger logger);

    [LoggerMessage(1202, LogLevel.Error, "the disk of the state is full, flushing waits and the log grows: {Reason}")]
    public static partial void StateDiskFull(ILogger logger, string reason);

    [LoggerMessage(1203, LogLevel.Information, "the disk of the state has room again")]
    public static partial void StateDiskHasRoom(ILogger logger);

    [LoggerMessage(1204, LogLevel.Warning, "readers keep the state from growing, flushing waits for them and the log grows: {Reason}")]
    public static partial void StateReadersOpen(ILogger logger, string reason);

    [LoggerMessage(1205, LogLevel.Information, "defragmented the state: its file had {FormerBytes} bytes and has {Bytes}")]
    public static partial void Defragmented(ILogger logger, long formerBytes, long bytes);

    [LoggerMessage(1206, LogLevel.Warning, "the state was not defragmented, and is as it was: {Reason}")]
    public static partial void DefragmentationFailed(ILogger logger, string reason);

    [LoggerMessage(1207, LogLevel.Information, "backup {File} is made")]
    public static partial void BackupMade(ILogger logger, string file);

    [LoggerMessage(1208, LogLevel.Warning, "the scheduled backup into {Directory} failed: {Reason}")]
    public static partial void BackupFailed(ILogger logger, string directory, string reason);

    [LoggerMessage(1301, LogLevel.Information, "promoting learner {Member:x16}: it has caught up to {Match}")]
    public static partial void Promoting(ILogger logger, ulong member, ulong match);

    [LoggerMessage(1302, LogLevel.Error, "alarm {Alarm} raised, cause {Cause}, member {Member:x16}")]
    public static partial void AlarmRaised(ILogger logger, string alarm, AlarmCause cause, ulong member);

    [LoggerMessage(1303, LogLevel.Information, "alarm {Alarm} cleared, cause {Cause}, member {Member:x16}")]
    public static partial void AlarmCleared(ILogger logger, string alarm, AlarmCause cause, ulong member);

    [LoggerMessage(1304, LogLevel.Critical,
        "this member's state differs from the majority's (at {Index}): it answers nothing any more; {Repair}")]
    public static partial void Fenced(ILogger logger, ulong index, string repair);

    [LoggerMessage(1313, LogLevel.Critical, "this member fenced itself before it was started again ({Reason}): it answers nothing; {Repair}")]
    public static partial void StillFenced(ILogger logger, string reason, string repair);

    [LoggerMessage(1312, LogLevel.Error,
        "cannot write to disk that this member is fenced: {Reason}; it stays fenced, but a restart forgets it; trying again")]
    public static partial void FenceNotSaved(ILogger logger, string reason);

    [LoggerMessage(1305, LogLevel.Information, "compacting: removing revisions below {Revision}")]
    public static partial void Compacting(ILogger logger, long revision);

    [LoggerMessage(1308, LogLevel.Debug, "compacting for room: removing revisions below {Revision}")]
    public static partial void CompactingForRoom(ILogger logger, long revision);

    [LoggerMessage(1309, LogLevel.Warning,
        "-quota-bytes is {Own} here and {Theirs} at {Peer}: the leader's value counts, so set the same on all members")]
    public static partial void QuotaDiffers(ILogger logger, string peer, long theirs, long own);

    [LoggerMessage(1310, LogLevel.Error,
        "the state of member {Member:x16} differs from this one's: its hash at entry {Index} is {Theirs:x16}, here {Own:x16}")]
    public static partial void Diverged(ILogger logger, ulong member, ulong index, ulong theirs, ulong own);

    [LoggerMessage(1311, LogLevel.Information, "every member knows feature level {Next}: raising the cluster from {Level}")]
    public static partial void RaisingLevel(ILogger logger, int level, int next);

    [LoggerMessage(1307, LogLevel.Information, "leadership has passed to member {Member}")]
    public static partial void LeadershipPassed(ILogger logger, ulong member);

    [LoggerMessage(1306, LogLevel.Warning, "a call of a peer failed: {Reason}")]
    public static partial void PeerCallFailed(ILogger logger, string reason);
}
