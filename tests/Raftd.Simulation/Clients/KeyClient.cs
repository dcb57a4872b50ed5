using System.Text;
using Raftd.Contract;
using Raftd.Simulation.Checkers;
using Raftd.Simulation.Faults;
using Raftd.Simulation.Members;
using Raftd.State.Commands;

namespace Raftd.Simulation.Clients;

/// <summary>Puts, gets, deletes and conditional puts on a few keys that all clients share. A write whose outcome is unknown
/// may be asked for again, of any member.</summary>
internal sealed class KeyClient(Cluster cluster, Dice dice, string name) : Client(cluster, dice, name)
{
    private readonly Dictionary<string, long> _seen = new(StringComparer.Ordinal);
    private int _made;
    private Operation? _again;

    private HistoryChecker History => Cluster.Checkers.History;

    protected override void Act(Incarnation member)
    {
        if (_again is { } unknown)
        {
            _again = null;
            History.AskedAgain(unknown);
            Write(member, unknown.Again(History.Floor));
            return;
        }

        var key = $"k{Dice.Next(Cluster.Swarm.Keys):00}";
        switch (Dice.Next(100))
        {
            case < 40:
                Write(member, Put(key, expected: null));
                break;
            case < 55:
                Write(member, Put(key, _seen.GetValueOrDefault(key)));
                break;
            case < 62:
                Write(member, new Operation { Kind = OperationKind.Delete, Key = key, Floor = History.Floor });
                break;
            case < 66:
                ReadStale(member, key);
                break;
            case < 72:
                Read(member, "k", rangeEnd: "l");
                break;
            default:
                Read(member, key, rangeEnd: "");
                break;
        }
    }

    private Operation Put(string key, long? expected)
    {
        var value = $"{Name}-{++_made} ";
        return new Operation
        {
            Kind = OperationKind.Put,
            Key = key,
            Value = value.PadRight(Dice.Next(Cluster.Swarm.MaxValueBytes), '.'),
            ExpectedRevision = expected,
            Floor = History.Floor,
        };
    }

    private void Write(Incarnation member, Operation operation) =>
        new WaitingWrite(this, member, operation, member.Peers.Router.ProposeAsync(Encode(operation, member.Replica.FeatureLevel))).Send(member);

    private void Read(Incarnation member, string key, string rangeEnd)
    {
        var operation = new Operation { Kind = OperationKind.Read, Key = key, RangeEnd = rangeEnd, Floor = History.Floor };
        new WaitingRead(this, member, operation, member.Replica.ReadBarrierAsync().AsTask()).Send(member);
    }

    private void ReadStale(Incarnation member, string key)
    {
        Answer(member, new Operation { Kind = OperationKind.StaleRead, Key = key, Floor = History.Floor });
        Think();
    }

    private static ReadOnlyMemory<byte> Encode(Operation operation, int level)
    {
        var key = Encoding.UTF8.GetBytes(operation.Key);
        var commands = new CommandFactory(Caller.Nobody, level);
        return operation.Kind == OperationKind.Delete
            ? commands.DeleteRange(new DeleteRangeRequest { Key = key })
            : commands.Put(
                new PutRequest
                {
                    Key = key,
                    Value = Encoding.UTF8.GetBytes(operation.Value!),
                    Condition = operation.ExpectedRevision switch
                    {
                        null => null,
                        0 => new Precondition { MustNotExist = true },
                        { } revision => new Precondition { ModRevisions = [revision] },
                    },
                });
    }

    private void Answer(Incarnation member, Operation operation)
    {
        if (TryRange(member, operation) is not { } range)
        {
            return;
        }

        operation.Revision = range.Revision;
        operation.Seen = KeyVersion.Describe(range.Items.Select(StateHistory.Version));
        if (operation.RangeEnd.Length == 0)
        {
            _seen[operation.Key] = range.Items is [var item, ..] ? item.ModRevision : 0;
        }

        History.Ended(operation);
    }

    /// <returns>Null where the member refuses because its state is damaged.</returns>
    private static RangeResponse? TryRange(Incarnation member, Operation operation)
    {
        try
        {
            return member.Parts.State.Range(new RangeRequest
            {
                Key = Encoding.UTF8.GetBytes(operation.Key),
                RangeEnd = Encoding.UTF8.GetBytes(operation.RangeEnd),
            });
        }
        catch (StoreException refusal) when (refusal.Code == ErrorCode.NotReady && member.Host.Disk.HasDamagedState)
        {
            return null;
        }
    }

    private void Note(Operation operation, Ending ending)
    {
        if (ending == Ending.Unknown)
        {
            History.Lost();
            _again = Dice.Chance(0.5) && !IsStopping ? operation : null;
        }
        else
        {
            History.Refused(operation);
        }
    }

    private void Note(Incarnation member, Operation operation, CommandResult result)
    {
        if (result is ErrorResult { Error: ApplyError.NoSpace })
        {
            // By an alarm, in apply: it is in the log and has changed nothing.
            History.Lost();
            return;
        }

        operation.Revision = result.Revision;
        operation.HasChanged = result switch
        {
            PutResult put => put.Succeeded,
            DeleteRangeResult deleted => deleted.Deleted > 0,
            var other => throw new SafetyViolationException($"{operation} was answered with {other}"),
        };
        if (operation.HasChanged)
        {
            _seen[operation.Key] = operation.Kind == OperationKind.Delete ? 0 : operation.Revision;
        }

        Acknowledged++;
        Cluster.Ambush.Spring(member.Host, Moment.Acknowledged);
        History.Ended(operation);
    }

    private sealed class WaitingWrite(
        KeyClient client, Incarnation member, Operation operation, Task<CommandResult> proposed) : Request(client)
    {
        public override string ToString() => $"{operation} known {operation.Floor}, now {operation.Revision}";

        protected override bool TryFinish()
        {
            if (!proposed.IsCompleted)
            {
                return false;
            }

            if (proposed.IsCompletedSuccessfully)
            {
                client.Note(member, operation, proposed.Result);
            }
            else
            {
                client.Note(operation, Asked.EndingOf(proposed));
            }

            client.Think();
            return true;
        }

        protected override void GiveUp()
        {
            client.Note(operation, Ending.Unknown);
            client.Think();
        }
    }

    private sealed class WaitingRead(KeyClient client, Incarnation member, Operation operation, Task<bool> barrier) : Request(client)
    {
        public override string ToString() => $"{operation} known {operation.Floor}, now {operation.Revision}";

        protected override bool TryFinish()
        {
            if (barrier is { IsCompleted: true, Result: true })
            {
                client.Answer(member, operation);
            }

            if (barrier.IsCompleted)
            {
                GiveUp();
            }

            return barrier.IsCompleted;
        }

        protected override void GiveUp() => client.Think();
    }
}
