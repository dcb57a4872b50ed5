// Recovery: which segments count, what they say, and whether anything that was acknowledged is missing.
//
// A bad record at the end of the log has two possible causes that ask for opposite answers. The last write was torn by a
// crash: nothing of it was acknowledged, and it must be dropped, or no member would start after a power cut. Or the disk
// has lost what was durable: dropping that would forget entries that a majority counts on. The bytes of the bad record
// tell nothing. What tells is what was written later:
//
//   offset  4096      4300      4500      4700
//           [ A 4096 ][ B 4096 ][ ##### ][ D 4700 ]     D was made when [0, 4700) was durable: corrupt
//           [ A 4096 ][ B 4300 ][ ##### ]               no record speaks of 4500: torn, dropped, Recovering set
//           [ A 4096 ][ B 4300 ] 0 0 0 0                the clean end
//
// (the number in a record is its "synced"). The last group commit is the one place without proof. There the member goes on
// as Recovering, and a leader makes it whole (docs/raft.md). Nothing on disk is changed before the verdict, so a log that
// is refused is left for a person to look at.
//
// Steps:
//  1. From the newest segment down, find the live ones (OpenLive).
//  2. From the oldest up, check that each header continues what came before (Enter), and replay its records (Replay).
//  3. At the end of each segment, judge how it ended (JudgeEnd). Only the last may end in anything but zeros.

namespace Raftd.Wal;

/// <summary>Reads the log from disk at start. Changes nothing on disk. See the top of the file.</summary>
/// <param name="open">Opens a segment's file.</param>
/// <param name="numbers">The segments there, live and dead, in rising order; at least one.</param>
/// <param name="live">Receives the live segments, oldest first; the caller closes them, also after a throw.</param>
internal sealed class LogRecovery(Func<ulong, IFile> open, IReadOnlyList<ulong> numbers, List<Segment> live)
{
    private readonly EntryIndex _index = new(0, 0);
    private LogState _state; // as of the last record replayed
    private uint _link; // its checksum, which the next record or header has to repeat
    private long _end; // where the segment before ended; the place to name if the next one does not follow
    private ulong _numberInIndex; // of the segment being replayed; at a start the last one is about to be copied to the next number

    public RecoveredLog Run()
    {
        OpenLive(numbers.Count - 1);
        return ReplayAll(copiesLast: true);
    }

    /// <summary>As Run, but damage ends the log instead of refusing it: what is before it is all that can be had.</summary>
    /// <param name="damage">The first that was met, or null.</param>
    /// <remarks>
    /// For a person who has lost the quorum, and never for a start. Entries behind the damage are gone, and entries that were
    /// replaced there are in the log again.
    /// </remarks>
    public RecoveredLog RunUpToDamage(out WalCorruptException? damage)
    {
        damage = OpenLiveBelowDamage();
        try
        {
            return ReplayAll(copiesLast: false);
        }
        catch (WalCorruptException corrupt)
        {
            damage ??= corrupt;
            var end = new TailState(TailKind.Clean, corrupt.Segment, corrupt.Offset, 0);
            return new RecoveredLog(live, _index, _state, _state, _link, end, end.Offset);
        }
    }

    private RecoveredLog ReplayAll(bool copiesLast)
    {
        TailState tail = default;
        for (var at = 0; at < live.Count; at++)
        {
            var isLast = at == live.Count - 1;
            Enter(live[at], isFirst: at == 0, isCopied: isLast && copiesLast);
            tail = Replay(live[at], isLast);
        }

        var state = _state with { Recovering = _state.Recovering || tail.Kind == TailKind.Torn };
        return new RecoveredLog(live, _index, state, _state, _link, tail, tail.Offset);
    }

    /// <summary>Where a header cannot be read, or a segment is missing, all from there on counts as not there: nothing joins it
    /// to what is below.</summary>
    private WalCorruptException? OpenLiveBelowDamage()
    {
        WalCorruptException? first = null;
        for (var at = numbers.Count - 1; at >= 0;)
        {
            try
            {
                OpenLive(at);
                return first;
            }
            catch (WalCorruptException damage)
            {
                first ??= damage;
                live.ForEach(static segment => segment.Release());
                live.Clear();
                while (at >= 0 && numbers[at] >= damage.Segment)
                {
                    at--;
                }
            }
        }

        return first;
    }

    /// <summary>Opens the segments that count, newest first.</summary>
    /// <param name="at">Of the newest, in the numbers.</param>
    /// <remarks>
    /// Each header says which segments it supersedes; the next live one lies just below those. A reset supersedes all. What
    /// is superseded is what a crash left undeleted, and is not read: it may be in any state.
    /// </remarks>
    private void OpenLive(int at)
    {
        while (at >= 0)
        {
            live.Insert(0, OpenSegment(numbers[at]));
            var first = live[0].Header.FirstReplaced;
            while (at >= 0 && numbers[at] >= Math.Min(first, live[0].Number))
            {
                at--;
            }

            if (at >= 0 && numbers[at] != first - 1)
            {
                throw new WalCorruptException(first - 1, 0, $"the segment is missing, though {numbers[at]:x16}.wal is there");
            }
        }
    }

    private Segment OpenSegment(ulong number)
    {
        var file = open(number);
        try
        {
            return new Segment(ReadHeader(file, number), file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static SegmentHeader ReadHeader(IFile file, ulong number)
    {
        var block = new byte[SegmentHeader.Bytes];
        if (file.Read(0, block) < block.Length)
        {
            throw new WalCorruptException(number, file.Length, "the file ends within the segment header");
        }

        var header = SegmentHeader.Read(block, number, out var reason)
            ?? throw new WalCorruptException(number, 0, reason);
        return file.Length == header.Capacity ? header : throw new WalCorruptException(
            number, Math.Min(file.Length, header.Capacity), $"the file has {file.Length} bytes instead of {header.Capacity}");
    }

    /// <summary>Takes the start of the log from the first header; each later one has to agree with what came before.</summary>
    private void Enter(Segment segment, bool isFirst, bool isCopied)
    {
        var header = segment.Header;
        _numberInIndex = isCopied ? header.Number + 1 : header.Number;
        if (isFirst)
        {
            _index.Restart(header.BaseIndex, header.BaseTerm);
            (_state, _link) = (header.State, header.ChainSeed);
        }
        else if (header.ChainSeed != _link || header.State != _state
            || header.BaseIndex != _index.LastIndex || header.BaseTerm != _index.LastTerm)
        {
            throw new WalCorruptException(
                header.FirstReplaced - 1, _end, $"records are missing: segment {header.Number:x16}.wal does not follow");
        }
    }

    /// <summary>Applies the valid records in order, as Append made them: a lower index replaces everything from there on.</summary>
    private TailState Replay(Segment segment, bool isLast)
    {
        var window = new FileWindow(segment.File, segment.Header.Capacity);
        var scan = new SegmentScan(window, segment.Header.ChainSeed);
        while (scan.MoveNext())
        {
            Apply(segment, scan);
        }

        (_link, _end) = (scan.Link, scan.Offset);
        return JudgeEnd(segment, scan, isLast);
    }

    /// <remarks>
    /// The record's checksums hold, so it is here as it was made. One that contradicts the records before it is therefore
    /// no torn write, and never ends the log as one.
    /// </remarks>
    private void Apply(Segment segment, SegmentScan scan)
    {
        var record = scan.Current;
        var offset = scan.Offset - record.Size;
        var problem = record.Type switch
        {
            RecordType.Entry => ApplyEntry(offset, record),
            RecordType.State => ApplyState(record.State),
            _ => $"unknown record type {(byte)record.Type}",
        };
        if (problem is not null)
        {
            throw new WalCorruptException(segment.Number, offset, problem);
        }
    }

    private string? ApplyEntry(long offset, in RecordHeader record)
    {
        var index = record.Index;
        if (index == 0 || index > _index.LastIndex + 1)
        {
            return $"entry {index} does not follow entry {_index.LastIndex}";
        }

        if (index <= _index.BaseIndex)
        {
            // This entry replaced entries of segments that are deleted already: the log starts lower than the header of
            // the oldest segment says.
            _index.Restart(index - 1, record.PreviousTerm);
        }

        if (_index.Term(index - 1) != record.PreviousTerm || record.Term < record.PreviousTerm)
        {
            return $"entry {index} of term {record.Term} names {record.PreviousTerm} as the term before it";
        }

        // The state record of a batch follows its entries and may be torn off: the entries alone tell the term then.
        _state = _state.RaisedTo(record.Term);
        _index.Put(index, new EntryPosition(record.Term, (uint)_numberInIndex, (uint)offset, record.Length));
        return null;
    }

    private string? ApplyState(in LogState state)
    {
        _state = state;
        return state.Commit > _index.LastIndex ? $"commit index {state.Commit} is above entry {_index.LastIndex}" : null;
    }

    /// <summary>Tells a clean end, a torn tail and corruption apart; the table is in docs/wal-format.md.</summary>
    /// <remarks>
    /// Any segment but the last was synced before its successor had a name (WriteAheadLog.Roll), so anything but zeros at
    /// its end was durable.
    /// </remarks>
    private static TailState JudgeEnd(Segment segment, SegmentScan scan, bool isLast)
    {
        var remains = scan.LookAhead();
        if (remains.ProofAt > 0 || scan.Offset < segment.Header.Synced || (remains.End > 0 && !isLast))
        {
            var proof = remains.ProofAt > 0 ? $"the record at {remains.ProofAt} was made after this was synced"
                : "it had been synced";
            throw new WalCorruptException(segment.Number, scan.Offset, $"{scan.StopReason}, and {proof}");
        }

        return remains.End == 0
            ? new TailState(TailKind.Clean, segment.Number, scan.Offset, 0)
            : new TailState(TailKind.Torn, segment.Number, scan.Offset, remains.End - scan.Offset);
    }
}

/// <summary>The log as it stands on disk.</summary>
/// <param name="Live">Oldest first, never empty; the last one is to be copied before anything is appended.</param>
/// <param name="Index">Gives the copy's number for the entries of the last segment.</param>
/// <param name="State">What the log shall say from now on.</param>
/// <param name="StateOnDisk">What its records say.</param>
/// <param name="Link">The checksum of the last record.</param>
/// <param name="Tail">How the last segment ended.</param>
/// <param name="End">Where the next record goes.</param>
internal sealed record RecoveredLog(
    List<Segment> Live, EntryIndex Index, LogState State, LogState StateOnDisk, uint Link, TailState Tail, long End)
{
    public Segment Last => Live[^1];
}
