// What a store may and must hold, from the notes of the processes that wrote into it.
//
//   1. Every write acknowledged before the power failed is there, or a later one of its key.
//   2. What is there was proposed before, and has the very bytes that were proposed.
//   3. An acknowledged write has the revision that was told.
//   4. The store's revision is not below any that was told; and at its revision it lacks no write that was (or, in the
//      life that was cut short, was later) told a revision up to it: no holes.

using Raftd.Contract;
using Raftd.PowerLoss.Tests.Recording;

namespace Raftd.PowerLoss.Tests.Checking;

/// <summary>A member was not what it should be.</summary>
internal sealed class ViolationException(string message) : Exception(message);

/// <param name="notes">Of all lives up to the one that is cut short, in order, to that one's end.</param>
/// <param name="position">How many of them had been made when the power failed.</param>
internal sealed class History(IReadOnlyList<Note> notes, int position)
{
    private readonly Dictionary<int, Expected> _keys = Expect(notes, position);

    /// <summary>The highest revision told before; 0 while the member has told nothing.</summary>
    public long RequiredRevision { get; } = IsBinding(notes, position)
        ? notes.Take(position).Select(note => note.Revision).DefaultIfEmpty().Max()
        : 0;

    public bool RequiresNothing => RequiredRevision == 0;

    /// <summary>What the cluster was told that the member is, when it asked to join; 0 if it did not.</summary>
    public ulong Instance { get; } =
        (ulong)notes.Take(position).LastOrDefault(note => note.Kind == NoteKind.Instance).Sequence;

    /// <exception cref="ViolationException">One of the rules is broken.</exception>
    public void Check(RangeResponse content)
    {
        Require(content.Revision >= RequiredRevision, $"revision {content.Revision}, and {RequiredRevision} was acknowledged");
        var found = content.Items.ToDictionary(item => Values.NumberOf(item.Key.Span));
        foreach (var (key, item) in found)
        {
            Require(_keys.ContainsKey(key), $"key {key} at {item.ModRevision} was never written");
        }

        foreach (var (key, expected) in _keys)
        {
            CheckKey(key, expected, found.GetValueOrDefault(key), content.Revision);
        }
    }

    private void CheckKey(int key, Expected expected, KeyValue? item, long revision)
    {
        var least = RequiresNothing ? 0 : expected.Acknowledged;
        var withoutHoles = expected.Told.Where(told => told.Value <= revision).Select(told => told.Key).DefaultIfEmpty().Max();
        if (item is null)
        {
            var newest = Math.Max(least, withoutHoles);
            var mayBeGone = newest == 0 || expected.Proposed.Any(write => write.Sequence >= newest && write.IsDeletion);
            Require(mayBeGone, $"key {key} is gone, write {newest} was acknowledged (least {least})");
            return;
        }

        var sequence = Values.SequenceOf(item.Value.Span);
        Require(sequence >= least, $"key {key} has write {sequence}, {expected.Acknowledged} was acknowledged");
        Require(sequence >= withoutHoles, $"key {key} has write {sequence}, {withoutHoles} is below revision {revision}");
        Require(
            expected.Proposed.Contains((sequence, false)) && item.Value.Span.SequenceEqual(Values.Of(key, sequence)),
            $"key {key} at {item.ModRevision} has a value that was never proposed");
        Require(
            !expected.Told.TryGetValue(sequence, out var told) || told == item.ModRevision,
            $"key {key} has write {sequence} at revision {item.ModRevision}, {told} was told");
    }

    private static bool IsBinding(IReadOnlyList<Note> notes, int position) =>
        notes.Take(position).Any(note => note.Kind == NoteKind.Binding);

    private static Dictionary<int, Expected> Expect(IReadOnlyList<Note> notes, int position)
    {
        var keys = new Dictionary<int, Expected>();
        for (var i = 0; i < notes.Count; i++)
        {
            var note = notes[i];
            if (note.Kind is NoteKind.Binding or NoteKind.Instance)
            {
                continue;
            }

            var key = keys.TryGetValue(note.Key, out var known) ? known : keys[note.Key] = new Expected();
            if (note.Kind != NoteKind.Acknowledged)
            {
                if (i < position)
                {
                    key.Proposed.Add((note.Sequence, note.Kind == NoteKind.Delete));
                }
            }
            else
            {
                key.Told[note.Sequence] = note.Revision;
                key.Acknowledged = i < position ? note.Sequence : key.Acknowledged;
            }
        }

        return keys;
    }

    private static void Require(bool condition, string violation)
    {
        if (!condition)
        {
            throw new ViolationException(violation);
        }
    }

    /// <summary>One key: what was proposed before the power failed, and the revisions told before and after.</summary>
    private sealed class Expected
    {
        public List<(long Sequence, bool IsDeletion)> Proposed { get; } = [];

        public Dictionary<long, long> Told { get; } = [];

        /// <summary>The last write that was acknowledged before; 0 for none.</summary>
        public long Acknowledged { get; set; }
    }
}
