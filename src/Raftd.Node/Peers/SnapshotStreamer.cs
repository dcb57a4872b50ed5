// A snapshot on its way to a peer that is too far behind.
//
//   1. A read transaction of the state is the snapshot: consistent, as of the last flush, and writes go on meanwhile.
//   2. The log keeps everything after the snapshot's index until the stream has ended (a pin).
//   3. One request carries it: the MsgSnap that belongs to it, then the chunks. The peer answers when it is installed.
//   4. A view that has grown too old, or that keeps the store from growing, ends the request; a new one begins with a
//      newer view. So do a broken connection and a peer's error: the core asks again after the report of the failure.
//
// Whatever fails, the peer keeps the state it had: it installs only what arrived whole and verified.

using System.Buffers;
using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.Store.Buckets;
using Raftd.Store.Mvcc;
using Raftd.Store.Snapshots;

namespace Raftd.Node.Peers;

internal sealed class SnapshotStreamer : IAsyncDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MaxViewAge = TimeSpan.FromMinutes(2);

    private readonly MemberIdentity _self;
    private readonly StateMachine _state;
    private readonly LogWriter _log;
    private readonly Replica _replica;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpClient _client = PeerHttp.CreateClient(ConnectTimeout);
    private readonly CancellationTokenSource _stop = new();

    // Guards _busy and _tasks.
    private readonly Lock _gate = new();
    private readonly HashSet<ulong> _busy = [];
    private readonly Dictionary<ulong, Task> _tasks = [];

    public SnapshotStreamer(
        MemberIdentity self, StateMachine state, LogWriter log, Replica replica, TimeProvider time, ILogger logger)
    {
        _self = self;
        _state = state;
        _log = log;
        _replica = replica;
        _time = time;
        _logger = logger;
    }

    /// <summary>Starts a stream to the peer, unless one is under way: then the core hears of the end of that one.</summary>
    public void Start(MemberInfo peer, Message header)
    {
        lock (_gate)
        {
            if (!_stop.IsCancellationRequested && _busy.Add(peer.Id))
            {
                _tasks[peer.Id] = Task.Run(() => RunAsync(peer, header));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task[] running;
        lock (_gate)
        {
            running = [.. _tasks.Values];
        }

        await Task.WhenAll(running);
        _client.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(MemberInfo peer, Message header)
    {
        var index = 0UL;
        var installed = false;
        try
        {
            // Pinned before it is opened: what the snapshot does not hold cannot go in between.
            using var pin = _log.Pin(_state.FlushedIndex);
            using var snapshot = _state.OpenSnapshot(_self.ClusterId);
            index = snapshot.Meta.Index;
            NodeLog.SnapshotSending(_logger, peer.Label, index);
            Failpoint.Hit("snapshot.send");
            await StreamAsync(peer, Complete(header, snapshot.Meta), snapshot, _stop.Token);
            installed = true;
            NodeLog.SnapshotSent(_logger, peer.Label, index);
        }
        catch (BucketStoreException damage) when (damage.Fault == BucketStoreFault.Corrupt)
        {
            _state.Damaged(damage);
        }
        catch (Exception failure)
        {
            // Whatever it was, the peer still has its old state and the core will ask again.
            NodeLog.SnapshotFailed(_logger, peer.Label, index, failure.Message);
        }

        // In this order: as soon as the core has heard, it may ask for the next one, and it asks once only.
        lock (_gate)
        {
            _busy.Remove(peer.Id);
        }

        _replica.SnapshotEnded(new NodeId(peer.Id), index, installed);
        Failpoint.Hit("snapshot.ended");
    }

    private static Message Complete(Message header, SnapshotMeta meta) => new()
    {
        Kind = MessageKind.MsgSnap,
        From = header.From,
        To = header.To,
        Term = header.Term,
        Snapshot = new SnapshotMetadata(
            new EntryId(meta.Term, meta.Index),
            Configurations.Decode(meta.Configuration),
            meta.ConfigurationIndex),
    };

    private async Task StreamAsync(
        MemberInfo peer, Message header, OpenedSnapshot snapshot, CancellationToken cancellationToken)
    {
        var handshake = new PeerHandshake(_self.ClusterId, _self.MemberId, peer.Id, _self.Label, peer.Label);
        using var request = PeerHttp.Post(peer.PeerAddress, PeerPaths.Snapshot, handshake);
        request.Content = new PushContent((stream, token) => WriteAsync(stream, header, snapshot, token));
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new PeerRefusedException(await PeerHttp.ReasonAsync(response, cancellationToken));
        }
    }

    private async Task WriteAsync(
        Stream stream, Message header, OpenedSnapshot snapshot, CancellationToken cancellationToken)
    {
        var output = new ArrayBufferWriter<byte>();
        PeerFrame.Write(output, new ArrayBufferWriter<byte>(), header);
        var started = _time.GetTimestamp();
        var options = new SnapshotSenderOptions
        {
            MaxAgeTicks = (long)(MaxViewAge.TotalSeconds * _time.TimestampFrequency),
            Verify = StateMachine.VerifyPair,
        };
        using var sender = new SnapshotSender(snapshot.Reader, snapshot.Meta, options, started);
        SnapshotSendResult sent;
        do
        {
            sent = sender.WriteNextChunk(output, _time.GetTimestamp());
            if (sent == SnapshotSendResult.TooOld)
            {
                throw new IOException("the view grew too old or was in the way; a newer one follows");
            }

            await stream.WriteAsync(output.WrittenMemory, cancellationToken);
            Failpoint.Hit("snapshot.sent-chunk", static errno => new IOException($"errno {errno}"));
            output.ResetWrittenCount();
        }
        while (sent == SnapshotSendResult.Chunk);
    }
}
