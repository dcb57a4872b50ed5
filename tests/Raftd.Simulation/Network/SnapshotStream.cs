// One snapshot on its way, chunk by chunk: SnapshotStreamer on one side, SnapshotIntake on the other, both without HTTP.
// What the two do with the store, the log and the replica is repeated here step by step; the sender, the receiver and the
// install are the product's. Both sides may die between two chunks, and the stream ends when the link is cut.

using System.Buffers;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.Simulation.Members;
using Raftd.Store.Buckets;
using Raftd.Store.Mvcc;
using Raftd.Store.Snapshots;
using Raftd.Wal;

namespace Raftd.Simulation.Network;

internal sealed class SnapshotStream(Cluster cluster, Incarnation sender, NodeId to, Message header) : IDisposable
{
    private readonly ArrayBufferWriter<byte> _chunk = new();
    private SpoolLease? _lease;
    private long _nextChunk;
    private Incarnation? _receiver;
    private SnapshotReceiver? _target;
    private IBucketStore? _store;
    private SnapshotOffer? _offer;

    public Incarnation Sender => sender;

    public bool IsRunning { get; private set; } = true;

    /// <summary>The connection is gone: it ends with the next chunk.</summary>
    public bool IsBroken { get; set; }

    private bool IsLinked => !IsBroken && sender.IsAlive && _receiver is { IsAlive: true }
        && !cluster.Network.IsCut(sender.Host.Id, to.Value) && !cluster.Network.IsCut(to.Value, sender.Host.Id);

    /// <summary>On the sender: a spooled snapshot, and the log behind it kept.</summary>
    public void Begin() => sender.Parts.Spooler.Request(minimumIndex: 0, keepsLog: true, Begin);

    public void Dispose()
    {
        _target?.Dispose();
        _lease?.Dispose();
    }

    private void Begin(SpoolAnswer answer)
    {
        if (answer.Lease is not { } lease)
        {
            End(installed: false);
            return;
        }

        _lease = lease;
        sender.Parts.PeerPins.Begin(to, lease.TakePin());
        _receiver = cluster.Find(to.Value)?.Running;
        cluster.Say(sender.Host.Name, $"streams a snapshot as of {lease.Snapshot.Meta.Index} to m{to.Value}");
        Later(Accept);
    }

    private void Accept()
    {
        if (!IsLinked || _receiver!.IsReceivingSnapshot)
        {
            End(installed: false);
            return;
        }

        _receiver.IsReceivingSnapshot = true;
        _receiver.Run(8, () =>
        {
            _store = _receiver.State.BeginInstall();
            _target = new SnapshotReceiver(_store, StateMachine.VerifySnapshot);
        });
        Later(NextChunk);
    }

    private void NextChunk()
    {
        if (!IsLinked)
        {
            Abandon();
            return;
        }

        if (_lease!.HasLostItsLog || !TryReadChunk())
        {
            Abandon();
            return;
        }

        var bytes = _chunk.WrittenSpan.ToArray();
        _chunk.ResetWrittenCount();
        _receiver!.Run(9, () => Feed(bytes));
        if (!_receiver.IsAlive || _target is null)
        {
            Abandon();
        }
        else if (_nextChunk < _lease.Snapshot.ChunkCount)
        {
            Later(NextChunk);
        }
        else
        {
            Offer();
        }
    }

    private bool TryReadChunk()
    {
        try
        {
            _lease!.ReadChunk(_nextChunk++, _chunk);
            return true;
        }
        catch (StorageIoException)
        {
            return false;
        }
    }

    private void Feed(byte[] bytes)
    {
        try
        {
            _target!.Feed(bytes);
        }
        catch (BucketStoreException full) when (full.Fault == BucketStoreFault.Full)
        {
            _target = null;
        }
    }

    /// <summary>To the core, which decides; the receiver's place is taken until it has.</summary>
    private void Offer()
    {
        var meta = _target!.Finish();
        _offer = new SnapshotOffer(Complete(meta), _store!);
        _receiver!.Offered = _offer;
        _receiver.State.HandOverInstall();
        _receiver.Replica.Offer(_offer);
        AwaitVerdict();
    }

    private void AwaitVerdict()
    {
        if (!_receiver!.IsAlive)
        {
            End(installed: false);
            return;
        }

        if (!_offer!.Task.IsCompleted)
        {
            cluster.Scheduler.After(Scheduler.Millisecond, AwaitVerdict);
            return;
        }

        var installed = _offer.Task.Result;
        if (!installed)
        {
            _receiver.State.TakeBackInstall();
            _receiver.State.AbandonInstall();
        }

        _receiver.IsReceivingSnapshot = false;
        cluster.Say(_receiver.Host.Name, $"snapshot as of {_lease!.Snapshot.Meta.Index}: installed {installed}");
        cluster.Scheduler.After(cluster.Network.DrawDelay(), () => End(installed && IsLinked));
    }

    private Message Complete(SnapshotMeta meta) => new()
    {
        Kind = MessageKind.MsgSnap,
        From = header.From,
        To = header.To,
        Term = header.Term,
        Snapshot = new SnapshotMetadata(
            new EntryId(meta.Term, meta.Index), Configurations.Decode(meta.Configuration), meta.ConfigurationIndex),
    };

    private void Abandon()
    {
        if (_receiver is { IsAlive: true })
        {
            _receiver.State.AbandonInstall();
            _receiver.IsReceivingSnapshot = false;
        }

        End(installed: false);
    }

    private void End(bool installed)
    {
        if (!IsRunning)
        {
            return;
        }

        IsRunning = false;
        var index = _lease?.Snapshot.Meta.Index ?? 0;
        Dispose();
        if (sender.IsAlive)
        {
            sender.Replica.SnapshotEnded(to, index, installed);
        }
    }

    /// <summary>Not bound to one side: the death of either is noticed by the other. A paused side holds it up.</summary>
    private void Later(Action next)
    {
        var pausedUntil = Math.Max(sender.Host.PausedUntil, _receiver?.Host.PausedUntil ?? 0);
        var pause = Math.Max(0, pausedUntil - cluster.Scheduler.Now);
        cluster.Scheduler.After(pause + cluster.Network.DrawChunkDelay(), next);
    }
}
