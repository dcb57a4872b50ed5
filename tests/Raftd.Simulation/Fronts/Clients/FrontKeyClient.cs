using System.Text;
using Raftd.Contract;
using Raftd.Simulation.Fronts.Checkers;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Simulation.Fronts.Clients;

/// <summary>Puts, conditional puts, transactions, deletes of keys and ranges, reads now and then, and compactions, on keys that all
/// clients share.</summary>
internal sealed class FrontKeyClient(FrontWorld world, Dice dice, string name) : FrontClient(world, dice, name)
{
    private readonly Dictionary<string, long> _seen = new(StringComparer.Ordinal);
    private int _made;

    private HistoryChecker History => World.History;

    protected override Task ActAsync(FrontIncarnation front)
    {
        var key = $"k{Dice.Next(World.Swarm.Keys):00}";
        return Dice.Next(100) switch
        {
            < 30 => PutAsync(front, Put(key, expected: null)),
            < 42 => PutAsync(front, Put(key, _seen.GetValueOrDefault(key))),
            < 54 => TransactAsync(front, Put(key, _seen.GetValueOrDefault(key))),
            < 60 => DeleteAsync(front, key),
            < 62 => DeleteRangeAsync(front, "k00", key),
            < 63 => DeleteRangeAsync(front, Second(0), Second(Dice.Next(World.Swarm.Keys))),
            < 64 => DeleteRangeAsync(front, FrontLeaseClient.Attached, FrontLeaseClient.Attached + "~"),
            < 66 => CompactAsync(front),
            < 70 => ReadAsync(front, "k", "l", isOld: Dice.Chance(0.5)),
            < 76 => ReadAsync(front, key, "", isOld: true),
            _ => ReadAsync(front, key, "", isOld: false),
        };
    }

    private Operation Put(string key, long? expected) => new()
    {
        Kind = OperationKind.Put,
        Key = key,
        Value = $"{Name}-{++_made} ".PadRight(Dice.Next(100), '.'),
        ExpectedRevision = expected,
        Floor = History.Floor,
    };

    private async Task PutAsync(FrontIncarnation front, Operation operation)
    {
        var era = World.Era;
        var knew = front.KnowsLostRows;
        var reply = await AskAsync(front, service => service.PutAsync(
            Caller.Nobody,
            new PutRequest
            {
                Key = Bytes(operation.Key),
                Value = Bytes(operation.Value!),
                Condition = operation.ExpectedRevision switch
                {
                    null => null,
                    0 => new Precondition { MustNotExist = true },
                    { } revision => new Precondition { ModRevisions = [revision] },
                },
            },
            CancellationToken.None));
        if (IsOf(era, front, knew, operation, reply))
        {
            Ended(operation, reply.Answer!.Revision, reply.Answer.Succeeded);
        }
    }

    /// <summary>Puts a second key together with the first.</summary>
    private async Task TransactAsync(FrontIncarnation front, Operation operation)
    {
        var era = World.Era;
        var knew = front.KnowsLostRows;
        var second = Second(Dice.Next(World.Swarm.Keys));
        var value = $"{operation.Value} and";
        var compare = new Compare
        {
            Key = Bytes(operation.Key),
            Target = CompareTarget.ModRevision,
            Result = CompareResult.Equal,
            Number = operation.ExpectedRevision!.Value,
        };
        var request = new TxnRequest
        {
            Compares = [compare],
            Success =
            [
                new TxnOperation { Put = new PutRequest { Key = Bytes(operation.Key), Value = Bytes(operation.Value!) } },
                new TxnOperation { Put = new PutRequest { Key = Bytes(second), Value = Bytes(value) } },
            ],
            Failure = [new TxnOperation { Range = new RangeRequest { Key = Bytes(operation.Key) } }],
        };
        var reply = await AskAsync(front, service => service.TxnAsync(Caller.Nobody, request, CancellationToken.None));
        if (!IsOf(era, front, knew, operation, reply))
        {
            return;
        }

        var revision = reply.Answer!.Revision;
        Ended(operation, revision, reply.Answer.Succeeded);
        Require(
            !reply.Answer.Succeeded || World.Record.Find(second, revision) is { ModRevision: var main, Text: var text } && main == revision && text == value,
            $"{operation} was acknowledged at revision {revision}, which lacks {second}");
    }

    private async Task DeleteAsync(FrontIncarnation front, string key)
    {
        var (era, knew) = (World.Era, front.KnowsLostRows);
        var operation = new Operation { Kind = OperationKind.Delete, Key = key, Floor = History.Floor };
        var reply = await AskAsync(front, service => service.DeleteRangeAsync(
            Caller.Nobody, new DeleteRangeRequest { Key = Bytes(key) }, CancellationToken.None));
        if (IsOf(era, front, knew, operation, reply))
        {
            Ended(operation, reply.Answer!.Revision, reply.Answer.Deleted > 0);
        }
    }

    private async Task DeleteRangeAsync(FrontIncarnation front, string key, string rangeEnd)
    {
        var (era, knew) = (World.Era, front.KnowsLostRows);
        var operation = new Operation { Kind = OperationKind.Delete, Key = key, Floor = History.Floor };
        var reply = await AskAsync(front, service => service.DeleteRangeAsync(
            Caller.Nobody, new DeleteRangeRequest { Key = Bytes(key), RangeEnd = Bytes(rangeEnd) }, CancellationToken.None));
        if (rangeEnd == key || !IsOf(era, front, knew, operation, reply))
        {
            return;
        }

        var (revision, deleted) = (reply.Answer!.Revision, reply.Answer.Deleted);
        Ended(operation, revision, deleted > 0);
        var before = World.Record.Range(key, rangeEnd, deleted > 0 ? revision - 1 : revision).Count();
        Require(before == deleted, $"{operation} deleted {deleted} keys at revision {revision}, there were {before}");
        Require(
            deleted == 0 || !World.Record.Range(key, rangeEnd, revision).Any(), $"{operation} has left keys at revision {revision}");
    }

    private async Task CompactAsync(FrontIncarnation front)
    {
        var revision = Math.Max(1, History.Floor - Dice.Next(50));
        await AskAsync(front, service => service.CompactAsync(
            Caller.Nobody, new CompactRequest { Revision = revision }, CancellationToken.None));
    }

    private async Task ReadAsync(FrontIncarnation front, string key, string rangeEnd, bool isOld)
    {
        var (era, floor) = (World.Era, History.Floor);
        var at = isOld ? Math.Max(1, floor - Dice.Next(60)) : 0;
        var reply = await AskAsync(front, service => service.RangeAsync(
            Caller.Nobody, new RangeRequest { Key = Bytes(key), RangeEnd = Bytes(rangeEnd), Revision = at }, CancellationToken.None));
        if (!reply.HasAnswer || era != World.Era)
        {
            return;
        }

        var items = reply.Answer!.Items;
        if (!isOld && rangeEnd.Length == 0)
        {
            _seen[key] = items is [var item, ..] ? item.ModRevision : 0;
        }

        History.Ended(new Operation
        {
            Kind = isOld ? OperationKind.StaleRead : OperationKind.Read,
            Key = key,
            RangeEnd = rangeEnd,
            Floor = floor,
            Revision = isOld ? at : reply.Answer.Revision,
            Seen = KeyVersion.Describe(items.Select(RowChecker.VersionOf)),
        });
    }

    /// <summary>It was answered, and what it was told is to hold. Notes what else came of it.</summary>
    private bool IsOf<T>(int era, FrontIncarnation front, bool knewLostRows, Operation operation, Reply<T> reply)
    {
        Require(
            !reply.HasAnswer || !knewLostRows || !front.KnowsLostRows, $"{front.Front.Name} acknowledged {operation}, and knew rows that the database has lost");
        if (era != World.Era)
        {
            return false;
        }

        if (reply.HasAnswer)
        {
            return true;
        }

        if (reply.IsUnknown)
        {
            History.Lost();
        }
        else
        {
            History.Refused(operation);
        }

        return false;
    }

    private void Ended(Operation operation, long revision, bool hasChanged)
    {
        operation.Revision = revision;
        operation.HasChanged = hasChanged;
        if (hasChanged)
        {
            _seen[operation.Key] = operation.Kind == OperationKind.Delete ? 0 : revision;
        }

        History.Ended(operation);
    }

    private static string Second(int number) => $"n{number:00}";

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
