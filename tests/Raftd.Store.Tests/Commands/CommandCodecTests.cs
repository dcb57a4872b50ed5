using System.Text;
using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Keyspaces;

namespace Raftd.Store.Tests.Commands;

public sealed class CommandCodecTests
{
    private static readonly Command[] Commands =
    [
        new PutCommand(Bytes("k"), Bytes("v"), 0, 0, 0, false, null),
        new PutCommand(Bytes("key"), Bytes(""), 77, 0, 0, true, new Precondition { MustExist = true }) { MaxLeaseKeys = 3 },
        new PutCommand(Bytes("\0"), Bytes("value"), 0, long.MaxValue, 30, false, new Precondition { ModRevisions = [1, 300, long.MaxValue] }),
        new DeleteRangeCommand(Bytes("a"), Bytes("b"), null),
        new DeleteRangeCommand(Bytes("a"), default, new Precondition { MustNotExist = true, ModRevisions = [] }),
        new LeaseGrantCommand(5, Bytes("/esq/node"), 10, true, LeaseKind.Rest),
        new LeaseGrantCommand(long.MaxValue, Bytes(""), 9_000_000_000, false, LeaseKind.Etcd),
        new LeaseKeepAliveCommand(5, null, null),
        new LeaseKeepAliveCommand(5, Bytes("node"), null),
        new LeaseKeepAliveCommand(5, Bytes("node"), Bytes("")) { MaxLeaseKeys = 100_000 },
        new LeaseRevokeCommand(5),
        new LeaseExpireCommand(3, [new(1, 2), new(3, 4)], [new(5, 6, Bytes("key"), 7)]),
        new LeaseExpireCommand(3, [], []),
        new LeaseCheckpointCommand(ulong.MaxValue, [new(1, 2, 300)], [new(3, 4, new byte[] { 5, 6 }, 7, 800)]),
        new CompactCommand(1 << 20),
        new AlarmCommand(new Alarm(AlarmKind.NoSpace, AlarmCause.Disk, ulong.MaxValue), true),
        new AlarmCommand(new Alarm(AlarmKind.Corrupt, AlarmCause.Divergence, 0), false),
        new RaiseLevelCommand(255, ulong.MaxValue),
    ];

    /// <summary>The same with their callers.</summary>
    private static readonly Command[] Called =
    [
        .. Commands.Select(static command => command with { Caller = Caller.System }),
        .. Commands.Select(static command => command with { Caller = Caller.User("alice") }),
        Commands[0] with { Caller = Caller.User("ä") },
    ];

    /// <summary>What level 1 does not know, from any caller.</summary>
    private static readonly Command[] Transactional =
    [
        new PutCommand(Bytes("k"), default, 7, 0, 0, false, null) { MaxLeaseKeys = 3, KeepValue = true },
        new PutCommand(Bytes("k"), Bytes("v"), 0, 0, 0, true, null) { KeepLease = true },
        new DeleteRangeCommand(Bytes("a"), Bytes("b"), new Precondition { MustExist = true }) { ReturnPrevious = true },
        new TxnCommand(new TxnRequest(), 0),
        new TxnCommand(Txn, 100_000),
        new TxnCommand(Txn, 100_000) { Caller = Caller.User("alice") },
    ];

    private static readonly CommandResult[] TransactionalResults =
    [
        new DeleteRangeResult(6, true, 1) { Previous = [Version] },
        new TxnResult(9, new TxnResponse
        {
            Revision = 9,
            Succeeded = true,
            Responses =
            [
                new TxnOperationResponse { Range = new RangeResponse { Revision = 8, Items = [Version], Count = 5, More = true } },
                new TxnOperationResponse { Put = new PutResponse { Revision = 9, Succeeded = true, Previous = Version } },
                new TxnOperationResponse { Put = new PutResponse { Revision = 9, Succeeded = true } },
                new TxnOperationResponse
                {
                    DeleteRange = new DeleteRangeResponse { Revision = 9, Succeeded = true, Deleted = 1, Previous = [Version] },
                },
                new TxnOperationResponse { Txn = new TxnResponse { Revision = 9, Succeeded = false, Responses = [] } },
            ],
        }),
    ];

    private static readonly CommandResult[] Results =
    [
        new ErrorResult(4, ApplyError.EmptyKey),
        new ErrorResult(4, ApplyError.LeaseFull, 5, 3),
        new ErrorResult(4, ApplyError.MembersChanged, -1, long.MaxValue),
        new PutResult(5, true, null),
        new PutResult(5, false, new KeyValue { Key = Bytes("k"), Value = Bytes("v"), CreateRevision = 1, ModRevision = 2, Version = 3, Lease = 4 }),
        new DeleteRangeResult(6, true, 12),
        new LeaseGrantResult(7, 8, 9),
        new LeaseKeepAliveResult(7, 8, 9),
        new LeaseRevokeResult(7, 8),
        new LeaseExpireResult(7, 8, 9),
        new CompactResult(10, 9),
        new DoneResult(long.MaxValue),
    ];

    /// <summary>A form that has been in a log or between members is read and written by every later build.</summary>
    [Fact]
    public void Encode_EverythingOfLevel1_IsAsItWasWhenTheLevelWasMade()
    {
        var forms = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Commands", "forms-of-level-1.txt"))
            .Where(static line => !line.StartsWith('#'));
        var encoded = Commands.Select(static command => $"command {Hex(CommandCodec.Encode(command, FeatureLevel.First))}")
            .Concat(Results.Select(static result => $"result {Hex(CommandResultCodec.Encode(result))}"));
        Assert.Equal(forms.ToList(), encoded.ToList());
    }

    [Fact]
    public void Encode_EverythingOfLevel2_IsAsItWasWhenTheLevelWasMade()
    {
        var forms = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Commands", "forms-of-level-2.txt"))
            .Where(static line => !line.StartsWith('#'));
        var encoded = Called.Concat(Transactional)
            .Select(static command => $"command {Hex(CommandCodec.Encode(command, FeatureLevel.Callers))}")
            .Concat(TransactionalResults.Select(static result => $"result {Hex(CommandResultCodec.Encode(result))}"));
        Assert.Equal(forms.ToList(), encoded.ToList());
    }

    /// <summary>A cluster that has no rights asks nobody for them; what a user asks it could not tell from what nobody asks.</summary>
    [Fact]
    public void Encode_OfACallerBelowItsLevel_HasTheOldBytesOrNeedsTheLevel()
    {
        foreach (var command in Commands)
        {
            var old = CommandCodec.Encode(command, FeatureLevel.First);
            Assert.Equal(old.Span, CommandCodec.Encode(command with { Caller = Caller.System }, FeatureLevel.First).Span);
            Assert.Equal(old.Span, CommandCodec.Encode(command, FeatureLevel.Newest).Span);
            Assert.Equal(
                FeatureLevel.Callers,
                CommandCodec.LevelOf(CommandCodec.Encode(command with { Caller = Caller.User("alice") }, FeatureLevel.First).Span));
        }
    }

    /// <summary>What a proposer is charged for is told from the head, which is the same in every layout.</summary>
    [Fact]
    public void MaxGrowth_OfACaller_IsThatOfNobodyAndItsBytes()
    {
        foreach (var command in Commands)
        {
            var (nobodys, users) = (CommandCodec.Encode(command, FeatureLevel.Callers),
                CommandCodec.Encode(command with { Caller = Caller.User("alice") }, FeatureLevel.Callers));
            Assert.InRange(
                CommandCodec.MaxGrowth(users.Span) - CommandCodec.MaxGrowth(nobodys.Span), 0, users.Length - nobodys.Length);
        }
    }

    [Fact]
    public void MaxGrowth_OfATransaction_CountsItsPuts_AndThatOfAKeptValueAsTheLargest()
    {
        var encoded = CommandCodec.Encode(new TxnCommand(Txn, 100_000), FeatureLevel.Newest);
        Assert.InRange(CommandCodec.MaxGrowth(encoded.Span), RevisionRecord.MaxBytes, RevisionRecord.MaxBytes + (10 * encoded.Length));
        Assert.Equal(0, CommandCodec.MaxGrowth(CommandCodec.Encode(new TxnCommand(new TxnRequest(), 0), FeatureLevel.Newest).Span));
    }

    [Fact]
    public void Forms_OfAllTags_AreAmongThoseTried()
    {
        Assert.Equal(Enum.GetValues<CommandTag>(), Commands.Concat(Transactional).Select(static command => command.Tag).Distinct().Order());
        Assert.Equal(Enum.GetValues<ResultTag>(), Results.Concat(TransactionalResults).Select(static result => result.Tag).Distinct().Order());
    }

    [Fact]
    public void Command_RoundTrip_IsTheSame()
    {
        foreach (var command in Commands.Concat(Called).Concat(Transactional))
        {
            var encoded = CommandCodec.Encode(command, FeatureLevel.Newest);
            Assert.True(CommandCodec.TryDecode(encoded, out var decoded), command.ToString());
            Assert.Equal((command.GetType(), command.Caller), (decoded.GetType(), decoded.Caller));
            Assert.Equal(encoded.ToArray(), CommandCodec.Encode(decoded, FeatureLevel.Newest).ToArray());
        }
    }

    [Fact]
    public void Result_RoundTrip_IsTheSame()
    {
        foreach (var result in Results.Concat(TransactionalResults))
        {
            var encoded = CommandResultCodec.Encode(result);
            Assert.True(CommandResultCodec.TryDecode(encoded, out var decoded), result.ToString());
            Assert.Equal(result.GetType(), decoded.GetType());
            Assert.Equal(encoded.ToArray(), CommandResultCodec.Encode(decoded).ToArray());
        }
    }

    [Fact]
    public void Decode_AnyPrefixOrExtension_IsRefused()
    {
        var encodings = Commands.Concat(Called).Concat(Transactional).Select(static command => CommandCodec.Encode(command, FeatureLevel.Newest)).ToList();
        foreach (var encoded in encodings)
        {
            for (var length = 0; length < encoded.Length; length++)
            {
                Assert.False(CommandCodec.TryDecode(encoded[..length], out _));
            }

            Assert.False(CommandCodec.TryDecode((byte[])[.. encoded.Span, 0], out _));
        }

        foreach (var encoded in Results.Concat(TransactionalResults).Select(CommandResultCodec.Encode))
        {
            for (var length = 0; length < encoded.Length; length++)
            {
                Assert.False(CommandResultCodec.TryDecode(encoded[..length], out _));
            }
        }
    }

    [Fact]
    public void Decode_RandomAndFlippedBytes_NeverThrows()
    {
        var random = new Random(7);
        for (var round = 0; round < 200_000; round++)
        {
            byte[] bytes;
            if (random.Next(2) == 0)
            {
                bytes = new byte[random.Next(40)];
                random.NextBytes(bytes);
                if (bytes.Length > 1)
                {
                    (bytes[0], bytes[1]) = ((byte)random.Next(1, 3), (byte)random.Next(14));
                }
            }
            else
            {
                var commands = random.Next(3) switch { 0 => Commands, 1 => Called, _ => Transactional };
                bytes = CommandCodec.Encode(commands[random.Next(commands.Length)], FeatureLevel.Newest).ToArray();
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            }

            if (CommandCodec.TryDecode(bytes, out var command))
            {
                Assert.True(CommandCodec.TryDecode(CommandCodec.Encode(command, FeatureLevel.Newest), out _));
            }

            CommandResultCodec.TryDecode(bytes, out _);
        }
    }

    [Fact]
    public void Decode_HugeCounts_AllocatesNothing()
    {
        // A checkpoint of 2^60 leases in 12 bytes.
        byte[] bytes = [1, 7, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(CommandCodec.TryDecode(bytes, out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000);
    }

    [Fact]
    public void Decode_UnknownFlag_IsRefused()
    {
        var bytes = CommandCodec.Encode(new LeaseGrantCommand(5, Bytes("n"), 10, false, LeaseKind.Rest), FeatureLevel.First).ToArray();
        bytes[2] |= 0x40;
        Assert.False(CommandCodec.TryDecode(bytes, out _));
    }

    /// <summary>Below its level a command is not proposed, so it says by its layout that it needs that level.</summary>
    [Fact]
    public void Encode_OfATransactionBelowItsLevel_NeedsTheLevel()
    {
        foreach (var command in Transactional)
        {
            var encoded = CommandCodec.Encode(command, FeatureLevel.First).ToArray();
            Assert.Equal(FeatureLevel.Transactions, CommandCodec.LevelOf(encoded));
            encoded[0] = FeatureLevel.First;
            Assert.False(CommandCodec.TryDecode(encoded.AsMemory()[..^1], out _), $"{command} in the layout of level 1");
        }
    }

    [Fact]
    public void Decode_ATransactionDeeperThanAnyCheckLetsPass_IsRefused()
    {
        Assert.True(CommandCodec.TryDecode(CommandCodec.Encode(new TxnCommand(Nested(Bounds.MaxTxnOperations), 0), FeatureLevel.Newest), out _));
        Assert.False(CommandCodec.TryDecode(CommandCodec.Encode(new TxnCommand(Nested(Bounds.MaxTxnOperations + 1), 0), FeatureLevel.Newest), out _));
    }

    private static TxnRequest Nested(int levels) =>
        levels == 1 ? new TxnRequest() : new TxnRequest { Failure = [new TxnOperation { Txn = Nested(levels - 1) }] };

    private static KeyValue Version =>
        new() { Key = Bytes("k"), Value = Bytes("v"), CreateRevision = 1, ModRevision = 2, Version = 3, Lease = 4 };

    private static TxnRequest Txn => new()
    {
        Compares =
        [
            new Compare { Key = Bytes("k"), Target = CompareTarget.ModRevision, Result = CompareResult.Greater, Number = -1 },
            new Compare { Key = Bytes("k"), RangeEnd = Bytes("l"), Target = CompareTarget.Value, Result = CompareResult.NotEqual, Value = Bytes("v") },
        ],
        Success =
        [
            new TxnOperation { Put = new PutRequest { Key = Bytes("k"), Value = Bytes("v"), Lease = 5, ReturnPrevious = true } },
            new TxnOperation { Put = new PutRequest { Key = Bytes("l"), Value = default, KeepValue = true, KeepLease = true } },
            new TxnOperation { DeleteRange = new DeleteRangeRequest { Key = Bytes("a"), RangeEnd = Bytes("b"), ReturnPrevious = true } },
            new TxnOperation { Txn = new TxnRequest { Failure = [new TxnOperation { DeleteRange = new DeleteRangeRequest { Key = Bytes("a") } }] } },
        ],
        Failure =
        [
            new TxnOperation { Range = new RangeRequest { Key = Bytes("k") } },
            new TxnOperation
            {
                Range = new RangeRequest
                {
                    Key = Bytes("k"),
                    RangeEnd = Bytes("\0"),
                    Revision = 3,
                    Limit = 4,
                    MaxBytes = 5,
                    MaxValueBytes = 6,
                    CountOnly = true,
                    KeysOnly = true,
                    SortOrder = SortOrder.Descending,
                    SortTarget = SortTarget.Value,
                    MinModRevision = 7,
                    MaxModRevision = 8,
                    MinCreateRevision = 9,
                    MaxCreateRevision = -10,
                },
            },
        ],
    };

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
