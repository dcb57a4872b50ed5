using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Node.Tests;
using Raftd.Peers;
using Raftd.Peers.Forwarding;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;
using Raftd.Sql.Peers;
using Raftd.Sql.Tests.Memory;
using Raftd.State.Commands;
using Raftd.State.Watch;
using Raftd.Testing.Clocks;

namespace Raftd.Sql.Tests.Peers;

/// <summary>A front that follows a leader which a test plays: its loops are stepped, and its streams held.</summary>
internal sealed class SteppedFollower : IDisposable
{
    public const ulong LeaderId = 7;

    private const ulong Self = 5;

    // Of the machine's time: an answer that does not come is a failure, and no wait without an end.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(20);

    private readonly FrontParts _parts;

    public SteppedFollower()
    {
        using (var session = Database.Open())
        {
            session.Beat(new FrontRow(LeaderId, "leader", "127.0.0.1:1", "127.0.0.1:2", "test", Beat: 1));
        }

        var options = new SqlFrontOptions { Label = "follower", AdvertisedHttpAddress = "127.0.0.1:3", Version = "test", Limits = Limits };
        var self = new FrontRow(Self, options.Label, options.AdvertisedHttpAddress, "", options.Version, Beat: 0);
        var upkeep = new UpkeepLoop(Database, self, Limits, Time, NullLogger.Instance);
        _parts = new FrontParts(
            options, Database, BucketRow.DefaultId, self, FrontLoader.Load(Database), upkeep, new WatchOptions(),
            new ReadSettings(Threads: 0, Limits.RequestTimeLimit), Wire, Time, new Random(1), NullLogger.Instance);
        upkeep.Add(_parts.Upkeep);
        _parts.Commits.Appoint(epoch: 0, LeaderId);
        _parts.Commits.Step();
        upkeep.Step();
        Tick();
    }

    public static FrontOptions Limits { get; } = new();

    public MemoryDatabase Database { get; } = new();

    public ManualTime Time { get; } = new();

    public HeldWire Wire { get; } = new();

    public FrontDoor Door => _parts.Peers.Door;

    /// <summary>Who writes the last row.</summary>
    public bool HasCommittedItself => Database.Tables.Last.Front == Self && Database.Tables.Last.Revision > 1;

    /// <summary>When it looks at the log because of a hint; null where none waits.</summary>
    public long? NextLook => _parts.Commits.NextDeadline;

    public HeldCall Hints => Wire.Calls.Last(static call => call.Path == PeerPaths.Hints);

    public HeldCall Proposals => Wire.Calls.Last(static call => call.Path == PeerPaths.Proposals);

    public void Dispose()
    {
        _parts.Peers.Close();
        _parts.Reads.Dispose();
        _parts.Commits.Dispose();
        _parts.Service.Dispose();
    }

    public void Tick()
    {
        _parts.Peers.Tick();
        Run();
    }

    public void Run()
    {
        while (_parts.Commits.Step() || _parts.Peers.Step())
        {
        }
    }

    /// <summary>The leader says where it stands.</summary>
    public void Hear(long seq = 2)
    {
        if (Wire.Calls.All(static call => call.Path != PeerPaths.Hints))
        {
            Tick();
        }

        Hints.Machine.Opened();
        Hints.Machine.Receive(PeerFrame.Of(FrameKind.Hint, (ulong)seq));
        Run();
    }

    /// <summary>The stream of commands is there: the first write opens it, and is committed here.</summary>
    public void Connect()
    {
        Hear();
        _ = Put("first");
        Proposals.Machine.Opened();
    }

    public Task<PutResponse> Put(string key)
    {
        var put = _parts.Service.PutAsync(
            Caller.Nobody, new PutRequest { Key = Encoding.UTF8.GetBytes(key), Value = default }, CancellationToken.None).AsTask();
        Run();
        return put.WaitAsync(AnswerLimit);
    }

    public bool Has(string key) => Database.Tables.Keys.Any(row => row.Key.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(key)));

    /// <summary>The id of the call that has left; 0 where none has.</summary>
    public ulong TakeCall()
    {
        var bytes = Proposals.Machine.Take().Bytes;
        if (bytes.IsEmpty)
        {
            return 0;
        }

        var batch = bytes.Span[PeerFrame.HeaderBytes..];
        return CallCodec.ReadItem(ref batch).Id;
    }

    public void Answer(ulong id, AnswerKind kind, ReadOnlySpan<byte> body)
    {
        var answer = new byte[CallCodec.AnswerHeaderBytes + body.Length];
        CallCodec.WriteAnswerHead(answer, id, kind);
        body.CopyTo(answer.AsSpan(CallCodec.AnswerHeaderBytes));
        Proposals.Machine.Receive(PeerFrame.Of(FrameKind.Answer, answer));
        Run();
    }

    public static ReadOnlySpan<byte> PutResult(long revision) =>
        CommandResultCodec.Encode(new PutResult(revision, Succeeded: true, Previous: null)).Span;
}
