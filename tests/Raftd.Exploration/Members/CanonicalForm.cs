// What of a member decides what it will do, as bytes: members that will do the same have the same bytes.
//
// The naive way hashes all fields. Then a list that once was longer, a ring that begins elsewhere, or a clock that ran
// further makes two of what is one state, and the exploration never ends. Listing the fields by hand is worse: the field
// that is added next year is forgotten, two states become one, and what follows from the second is never seen.
// So this walks over all fields of all objects, by reflection, and knows only a short list of exceptions:
//
// - Clocks and counters that only grow count by their distance to the core's own: the age of a write, not its date.
//   Ages above an election timeout are one age, because the core compares them with nothing longer.
// - A ring is its elements in order, wherever in its array they are. The same for lists, queues and, sorted, sets.
// - What no decision depends on is left out: options and the source of chance, which are the same in all states but for
//   the id of the start, which shows in the nonce; storage, which is the member's disk once more; leases, which are off; the events and the soft state, which are
//   empty or reported once all Readys are taken.

using System.Buffers;
using System.Buffers.Binary;
using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using Raftd.Raft;

namespace Raftd.Exploration.Members;

internal sealed class CanonicalForm
{
    private const BindingFlags InstanceFields =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly HashSet<string> LeftOut =
    [
        "_options", "_random", "_storage", "_scope", "_messages", "<Sent>", "<Answered>", "_events", "_reportedSoftState",
        "_sharedSlice", "_leaseUntilTick", "<StartedAtTick>", "_now", "_sequence",
    ];

    private static readonly HashSet<string> Ticks = ["<IssuedAtTick>", "<SentAtTick>", "<RoundStartedAtTick>"];
    private static readonly HashSet<string> Sequences = ["<Sequence>", "_unreported"];

    private readonly Dictionary<Type, Plan> _plans = [];
    private readonly ArrayBufferWriter<byte> _bytes = new(4096);
    private ulong _now;
    private ulong _sequence;

    private enum How
    {
        Value,
        Age,
        Distance,
    }

    /// <summary>How to write one type: its fields, or as a ring.</summary>
    private sealed record Plan((FieldInfo Field, How How)[] Fields, FieldInfo? Ring, FieldInfo? Start, FieldInfo? Count);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_now")]
    private static extern ref ulong Now(RaftNode node);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_sequence")]
    private static extern ref ulong Sequence(RaftNode node);

    public Fingerprint Of(Member member)
    {
        _bytes.ResetWrittenCount();
        _now = Now(member.Node);
        _sequence = Sequence(member.Node);
        WriteFields(member);
        return Fingerprint.Of(_bytes.WrittenSpan);
    }

    private void Write(object? value)
    {
        switch (value)
        {
            case null:
                WriteNumber(ulong.MaxValue);
                break;
            case ulong number:
                WriteNumber(number);
                break;
            case long number:
                WriteNumber((ulong)number);
                break;
            case int number:
                WriteNumber((ulong)number);
                break;
            case bool truth:
                WriteNumber(truth ? 1UL : 0);
                break;
            case Enum name:
                WriteNumber(Convert.ToUInt64(name, null));
                break;
            case ReadOnlyMemory<byte> bytes:
                WriteNumber((ulong)bytes.Length);
                _bytes.Write(bytes.Span);
                break;
            case HashSet<ulong> set:
                WriteElements(set.Order().ToList());
                break;
            case ICollection list:
                WriteElements(list);
                break;
            default:
                WriteFields(value);
                break;
        }
    }

    private void WriteElements(ICollection list)
    {
        WriteNumber((ulong)list.Count);
        foreach (var element in list)
        {
            Write(element);
        }
    }

    private void WriteFields(object value)
    {
        var plan = PlanOf(value.GetType());
        foreach (var (field, how) in plan.Fields)
        {
            var content = field.GetValue(value);
            switch (how)
            {
                case How.Age:
                    WriteNumber(Math.Min(_now - (ulong)content!, Member.ElectionTimeoutTicks + 1));
                    break;
                case How.Distance:
                    WriteNumber((ulong)content! == 0 ? 0 : 1 + _sequence - (ulong)content);
                    break;
                default:
                    Write(content);
                    break;
            }
        }

        WriteRing(plan, value);
    }

    private void WriteRing(Plan plan, object value)
    {
        if (plan.Ring is null)
        {
            return;
        }

        var ring = (Array)plan.Ring.GetValue(value)!;
        var start = (int)plan.Start!.GetValue(value)!;
        var count = (int)plan.Count!.GetValue(value)!;
        WriteNumber((ulong)count);
        for (var i = 0; i < count; i++)
        {
            Write(ring.GetValue((start + i) % ring.Length));
        }
    }

    private void WriteNumber(ulong number)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.GetSpan(sizeof(ulong)), number);
        _bytes.Advance(sizeof(ulong));
    }

    private Plan PlanOf(Type type)
    {
        if (!_plans.TryGetValue(type, out var plan))
        {
            _plans[type] = plan = MakePlan(type);
        }

        return plan;
    }

    private static Plan MakePlan(Type type)
    {
        var fields = new List<FieldInfo>();
        for (var at = type; at is not null && at != typeof(object); at = at.BaseType)
        {
            fields.AddRange(at.GetFields(InstanceFields).Where(field => !LeftOut.Contains(NameOf(field))));
        }

        var ring = fields.Find(field => NameOf(field) == "_ring");
        if (ring is null)
        {
            return new Plan([.. fields.Select(field => (field, HowOf(field)))], null, null, null);
        }

        var start = fields.Single(field => NameOf(field) == "_start");
        var count = fields.Single(field => NameOf(field) is "_count" or "<Count>");
        var others = fields.Except([ring, start, count]).Select(field => (field, HowOf(field)));
        return new Plan([.. others], ring, start, count);
    }

    private static How HowOf(FieldInfo field) =>
        Ticks.Contains(NameOf(field)) ? How.Age : Sequences.Contains(NameOf(field)) ? How.Distance : How.Value;

    /// <summary>The field behind a property is called after it.</summary>
    private static string NameOf(FieldInfo field) => field.Name.Replace("k__BackingField", "", StringComparison.Ordinal);
}
