using System.Buffers;
using Raftd.Raft.Tests.Support;
using Raftd.Shared;

namespace Raftd.Raft.Tests;

/// <summary>
/// Peers that say anything the codec can carry: any kind, any number, any entries, in any order. They may lead the member
/// astray, and must not reach a broken invariant: that would stop it, and a peer could stop the whole cluster.
/// </summary>
public sealed class LyingPeerTests
{
    private const int Seeds = 300;
    private const int Steps = 1500;

    private static readonly Configuration Founding = new([new(1), new(2), new(3)], []);

    [Fact]
    public void Step_AnythingThatAPeerCanSay_BreaksNoInvariant()
    {
        var roles = new HashSet<RaftRole>();
        var snapshots = 0;
        for (var seed = 0; seed < Seeds; seed++)
        {
            var liar = new Liar(new SeededRandom(seed));
            try
            {
                for (var step = 0; step < Steps; step++)
                {
                    liar.Turn();
                    roles.Add(liar.Member.Node.Role);
                }
            }
            catch (InvariantViolationException e)
            {
                Assert.Fail($"seed {seed}: {e.Message}");
            }

            snapshots += liar.Snapshots;
        }

        // The lies got somewhere: the member was led, led itself, and took snapshots in.
        Assert.Equal(4, roles.Count);
        Assert.True(snapshots > Seeds, $"{snapshots} snapshots");
    }

    /// <summary>Member 1 with a disk that is sometimes slow and a process that is sometimes killed; 2, 3 and a stranger lie to it.</summary>
    private sealed class Liar(SeededRandom random)
    {
        public TestMember Member { get; } = new(1, Founding, random);

        public int Snapshots { get; private set; }

        private RaftNode Node => Member.Node;

        public void Turn()
        {
            switch (random.Next(20))
            {
                case 0:
                    Node.Tick();
                    break;
                case 1:
                    Node.Propose([Text.Bytes("a")], out _);
                    break;
                case 2:
                    Node.ProposeConfiguration(AnyConfiguration(), out _);
                    break;
                case 3:
                    Node.TransferLeadership(AnyMember());
                    break;
                case 4:
                    Node.RequestRead((ulong)random.Next(4));
                    break;
                case 5:
                    Node.ReportUnreachable(AnyMember());
                    break;
                case 6:
                    Node.ReportSnapshot(AnyMember(), Node.Commit, random.Chance(50));
                    break;
                case 7 when random.Chance(5):
                    Member.Crash(damaged: random.Chance(20));
                    break;
                case 8:
                    // Time enough for one campaign.
                    for (var ticks = 0; ticks < 20; ticks++)
                    {
                        Node.Tick();
                    }

                    break;
                default:
                    Say();
                    break;
            }

            Settle();
        }

        private void Settle()
        {
            while (Node.HasReady)
            {
                Snapshots += Member.TakeReady().Snapshot is null ? 0 : 1;
            }

            while (Member.IsWriting && random.Chance(70))
            {
                Member.CompleteWrite();
            }

            if (Member.EntriesWanted.Count > 0 && random.Chance(50))
            {
                Member.HandInEntries();
            }

            Member.Outbox.Clear();
        }

        /// <summary>By way of the codec, so that only what bytes can say is said.</summary>
        private void Say()
        {
            var index = AnyIndex();
            var said = new Message
            {
                Kind = (MessageKind)(1 + random.Next(12)),
                To = Member.Id,
                From = AnyMember(),
                Term = AnyTerm(),
                LogTerm = random.Chance(70) ? Node.Term : AnyTerm(),
                Index = index,
                Commit = AnyIndex(),
                RejectHint = AnyIndex(),
                ReadId = AnyIndex(),
                Nonce = (ulong)random.Next(3),
                AnsweredNonce = (ulong)random.Next(3),
                Reject = random.Chance(30),
                Force = random.Chance(20),
                Recovering = random.Chance(10),
                Recovered = random.Chance(10),
                Unanswered = random.Chance(10),
                Entries = AnyEntries(index),
                Snapshot = random.Chance(30) ? new SnapshotMetadata(new EntryId(AnyTerm(), AnyIndex()), AnyConfiguration(), AnyIndex()) : null,
            };
            var bytes = new ArrayBufferWriter<byte>();
            MessageCodec.Encode(bytes, said);
            if (MessageCodec.TryDecode(bytes.WrittenSpan, out var heard, out _))
            {
                Node.Step(heard);
            }
        }

        private NodeId AnyMember() => new((ulong)(2 + random.Next(3)));

        private ulong AnyTerm() => random.Next(100) switch
        {
            0 => ulong.MaxValue,
            1 when random.Chance(10) => RaftNode.MaxTermOrIndex,
            < 15 => Node.Term + 1,
            < 25 => Node.Term - 1,
            < 30 => (ulong)random.Next(3),
            _ => Node.Term,
        };

        private ulong AnyIndex() => random.Next(20) switch
        {
            0 => ulong.MaxValue,
            1 => ulong.MaxValue - 1,
            2 when random.Chance(5) => RaftNode.MaxTermOrIndex,
            < 5 => Node.LastIndex + (ulong)random.Next(3),
            < 9 => Node.Commit - (ulong)random.Next(2),
            < 13 => Node.Commit + (ulong)random.Next(2),
            < 15 => (ulong)random.Next(4),
            _ => Node.LastIndex,
        };

        private List<Entry> AnyEntries(ulong after)
        {
            var entries = new List<Entry>();
            for (var count = random.Next(4); count > 0; count--)
            {
                var id = new EntryId(random.Chance(80) ? Node.Term : AnyTerm(), ++after);
                entries.Add(random.Chance(20)
                    ? new Entry(id, EntryKind.Configuration, random.Chance(80) ? AnyConfiguration().Encode() : Text.Bytes("none"))
                    : new Entry(id, EntryKind.Normal, Text.Bytes("b")));
            }

            return entries;
        }

        private Configuration AnyConfiguration() => random.Next(6) switch
        {
            0 => new Configuration([new(1), new(2), new(3)], []),
            1 => new Configuration([new(1), new(2)], [new(3)]),
            2 => new Configuration([new(2), new(3)], []),
            3 => new Configuration([new(1)], []),
            4 => new Configuration([new(1), new(2), new(3), new(4)], []),
            _ => Configuration.Empty,
        };
    }
}
