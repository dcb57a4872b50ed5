// A snapshot on its way to a peer that is too far behind.
//
//   1. The snapshot lies in a file (SnapshotSpooler), shared by all that need one.
//   2. The log keeps everything after the snapshot's index until the peer replicates again (PeerPins).
//   3. One request carries it: the MsgSnap that belongs to it, then the chunks. The peer answers when it is installed.
//   4. A broken connection and a peer's error end the request: the core asks again after the report of the failure. So does
//      a log that has grown too long behind the snapshot.
//
// Whatever fails, the peer keeps the state it had: it installs only what arrived whole and verified.

using System.Buffers;
using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.Store.Snapshots;

namespace Raftd.Node.Peers;

internal sealed class SnapshotStreamer : IAsyncDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    private readonly MemberIdentity _self;
    private readonly SnapshotSpooler _spooler;
    private readonly PeerPins _pins;
    private readonly Replica _replica;
    private readonly ILogger _logger;
    private readonly HttpClient _client = PeerHttp.CreateClient(ConnectTimeout);
    private readonly CancellationTokenSource _stop = new();

    // Guards _busy and _tasks.
    private readonly Lock _gate = new();
    private readonly HashSet<ulong> _busy = [];
    private readonly Dictionary<ulong, Task> _tasks = [];

    public SnapshotStreamer(
        MemberIdentity self, SnapshotSpooler spooler, PeerPins pins, Replica replica, ILogger logger)
    {
        _self = self;
        _spooler = spooler;
        _pins = pins;
        _replica = replica;
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
            using var lease = await LeaseAsync(_stop.Token);
            var meta = lease.Snapshot.Meta;
            index = meta.Index;
            _pins.Begin(new NodeId(peer.Id), lease.TakePin());
            NodeLog.SnapshotSending(_logger, peer.Label, index);
            Failpoint.Hit("snapshot.send");
            await StreamAsync(peer, Complete(header, meta), lease, _stop.Token);
            installed = true;
            NodeLog.SnapshotSent(_logger, peer.Label, index);
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

    private async Task<SpoolLease> LeaseAsync(CancellationToken cancellationToken)
    {
        var answered = new TaskCompletionSource<SpoolAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        var request = _spooler.Request(minimumIndex: 0, keepsLog: true, answer =>
        {
            if (!answered.TrySetResult(answer))
            {
                answer.Lease?.Dispose();
            }
        });
        await using var cancelled = cancellationToken.Register(() =>
        {
            request.Cancel();
            answered.TrySetCanceled(cancellationToken);
        });
        var answer = await answered.Task;
        return answer.Lease ?? throw new IOException(answer.Reason);
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
        MemberInfo peer, Message header, SpoolLease lease, CancellationToken cancellationToken)
    {
        var handshake = new PeerHandshake(_self.ClusterId, _self.MemberId, peer.Id, _self.Label, peer.Label);
        using var request = PeerHttp.Post(peer.PeerAddress, PeerPaths.Snapshot, handshake);
        request.Content = new PushContent((stream, token) => WriteAsync(stream, header, lease, token));
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new PeerRefusedException(await PeerHttp.ReasonAsync(response, cancellationToken));
        }
    }

    private static async Task WriteAsync(
        Stream stream, Message header, SpoolLease lease, CancellationToken cancellationToken)
    {
        var output = new ArrayBufferWriter<byte>();
        PeerFrame.Write(output, new ArrayBufferWriter<byte>(), header);
        for (var chunk = 0L; chunk < lease.Snapshot.ChunkCount; chunk++)
        {
            if (lease.HasLostItsLog)
            {
                throw new IOException("the log behind it has grown too long; a newer one follows");
            }

            lease.ReadChunk(chunk, output);
            await stream.WriteAsync(output.WrittenMemory, cancellationToken);
            Failpoint.Hit("snapshot.sent-chunk", static errno => new IOException($"errno {errno}"));
            output.ResetWrittenCount();
        }
    }
}
