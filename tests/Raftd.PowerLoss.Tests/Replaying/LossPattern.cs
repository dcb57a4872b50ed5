// What a loss of power may do to what was not synced. The pieces are sectors of 512 bytes, lengths and names, and each
// may be lost or kept on its own: any loss that a disk with sectors of 512 or 4096 bytes, in any order in which it writes
// them, can bring about is one of these subsets. A subset drawn at random seldom has the one hole that hurts, so the
// others are drawn for a reason each.


using Raftd.Testing.Disks;

namespace Raftd.PowerLoss.Tests.Replaying;

internal enum LossPattern
{
    /// <summary>Only the process died.</summary>
    Nothing,

    /// <summary>All of it is lost.</summary>
    Everything,

    /// <summary>Each piece by the toss of a coin.</summary>
    Some,

    /// <summary>One piece in ten is lost.</summary>
    Few,

    /// <summary>Nine pieces in ten are lost.</summary>
    Most,

    /// <summary>All is there but a part of the last change: its first sectors are, the others are not.</summary>
    TornLast,

    /// <summary>The same the other way round: the first sectors are missing.</summary>
    TornLastHead,

    /// <summary>Of all that was not synced only the last change is there.</summary>
    OnlyLast,

    /// <summary>What was changed first is there, from some change on nothing is.</summary>
    OldestOnly,

    /// <summary>What was changed last is there, what was changed before is not.</summary>
    NewestOnly,

    /// <summary>Names are as they were last synced, data and lengths are all there.</summary>
    NamesLost,

    /// <summary>Names are there, the data under them is not.</summary>
    DataLost,

    /// <summary>One file or name in three has lost everything, the others nothing.</summary>
    SomeFilesLost,

    /// <summary>Lengths are there, data is not.</summary>
    LengthsOnly,
}

internal static class LossPatterns
{
    public static readonly LossPattern[] All = Enum.GetValues<LossPattern>();

    /// <summary>The verdict on each piece.</summary>
    /// <param name="pattern">What is lost.</param>
    /// <param name="random">For what the pattern leaves open.</param>
    /// <param name="pieces">All there are, as the disk names them.</param>
    public static Func<UnsyncedPiece, bool> Of(LossPattern pattern, Random random, IReadOnlyList<UnsyncedPiece> pieces)
    {
        var last = pieces.Count == 0 ? default : pieces.MaxBy(piece => piece.Change);
        var cut = random.Next(last.Parts + 1);
        var middle = pieces.Count == 0 ? 0 : pieces[random.Next(pieces.Count)].Change;
        var salt = random.Next();
        return pattern switch
        {
            LossPattern.Nothing => static _ => true,
            LossPattern.Everything => static _ => false,
            LossPattern.Some => _ => random.Next(2) == 0,
            LossPattern.Few => _ => random.Next(10) != 0,
            LossPattern.Most => _ => random.Next(10) == 0,
            LossPattern.TornLast => piece => piece.Change != last.Change || piece.Part < cut,
            LossPattern.TornLastHead => piece => piece.Change != last.Change || piece.Part >= cut,
            LossPattern.OnlyLast => piece => piece.Change == last.Change,
            LossPattern.OldestOnly => piece => piece.Change < middle,
            LossPattern.NewestOnly => piece => piece.Change > middle,
            LossPattern.NamesLost => static piece => piece.Kind != UnsyncedKind.Name,
            LossPattern.DataLost => static piece => piece.Kind == UnsyncedKind.Name,
            LossPattern.SomeFilesLost => piece => FileNumber(piece.Path, salt) % 3 != 0,
            LossPattern.LengthsOnly => static piece => piece.Kind == UnsyncedKind.Length,
            _ => throw new ArgumentOutOfRangeException(nameof(pattern), pattern, "no such pattern"),
        };
    }

    /// <summary>The same in every process, unlike string.GetHashCode.</summary>
    private static int FileNumber(string path, int salt) =>
        path.Aggregate(salt & 0xFFFF, static (number, letter) => ((number * 31) + letter) & 0xFFFF);
}
