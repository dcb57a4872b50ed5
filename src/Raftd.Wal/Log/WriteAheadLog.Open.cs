// Start: find out what the disk has, and rest the log on it.
//
// The naive start reads up to the last valid record and appends behind it. Two things make that wrong. The page cache may
// show records that were written by a killed process and never synced: this process acknowledges them, the machine loses
// power, and they are gone. And if an earlier sync failed, the kernel holds those pages clean, and no sync of this process
// writes them again. Copying the records to a new file and syncing that makes them durable, even if the old file's pages
// never reach the disk.
//
// Every step can be the last one before a crash, and every step can be repeated:
//
//   crash after                      the next start finds
//   reading, removing temporaries    the same log
//   writing the copy                 the same log and a temporary file, which it removes
//   renaming the copy                the copy, which supersedes the old last segment
//   deleting some of the old ones    the same, and deletes the others

namespace Raftd.Wal;

public sealed partial class WriteAheadLog
{
    /// <summary>Opens the log in <paramref name="directory"/>, or makes an empty one.</summary>
    /// <remarks>
    /// The caller holds a <see cref="DirectoryLock"/>. Steps, each of which may be the last before a crash: remove
    /// temporary files; read everything; copy the last segment's valid records to a fresh segment, sync it, rename it,
    /// sync the directory (from here on the fresh one counts); delete what is superseded, sync the directory.
    /// </remarks>
    /// <exception cref="WalCorruptException">Damage below what was synced; nothing was changed.</exception>
    /// <exception cref="WalVersionException">A newer raftd wrote this log; nothing was changed.</exception>
    /// <exception cref="WalSpaceException">The disk is full and there is no spare; start again when there is room.</exception>
    /// <exception cref="StorageIoException">Any other failure of the disk; start again.</exception>
    public static WriteAheadLog Open(IFileSystem files, string directory, WalOptions options)
    {
        var problems = options.Validate();
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", problems), nameof(options));
        }

        CreateDirectory(files, directory);
        var spare = new SpareSegment(files, directory, options.SegmentSizeBytes);
        try
        {
            return OpenWith(files, directory, options, spare);
        }
        catch
        {
            spare.Close();
            throw;
        }
    }

    private static WriteAheadLog OpenWith(
        IFileSystem files, string directory, WalOptions options, SpareSegment spare)
    {
        var segments = new SegmentFiles(files, directory, spare);
        var numbers = segments.List();
        var live = new List<Segment>();
        try
        {
            var found = numbers.Count > 0 ? new LogRecovery(segments.Open, numbers, live).Run() : null;
            segments.RemoveTemporaries();
            spare.Adopt();
            var recovered = found is null ? CreateFirst(segments, options) : MoveToFreshSegment(segments, options, found);
            RemoveSuperseded(segments, recovered);
            return new WriteAheadLog(options, segments, spare, recovered);
        }
        catch
        {
            live.ForEach(segment => segment.Release());
            throw;
        }
    }

    private static void CreateDirectory(IFileSystem files, string directory)
    {
        if (!files.Exists(directory))
        {
            files.CreateDirectory(directory);
        }

        // Also when the directory exists: the process that created it may have died before it synced the name.
        files.SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(directory)) ?? directory);
    }

    private static RecoveredLog CreateFirst(SegmentFiles files, WalOptions options)
    {
        var header = new SegmentHeader(1, 1, options.SegmentSizeBytes, SegmentHeader.Bytes, 0, 0, default, ChainSeed: 0);
        var segment = files.Create(header);
        var tail = new TailState(TailKind.Clean, header.Number, SegmentHeader.Bytes, 0);
        return new RecoveredLog([segment], new EntryIndex(0, 0), default, default, header.ChainSeed, tail, tail.Offset);
    }

    /// <summary>Copies the last segment, so that the log rests on bytes that this process has synced.</summary>
    /// <remarks>
    /// The records keep their offsets and links. A new state record follows them if the state differs from what they say.
    /// The header says that all of it was synced, so damage in it can never again pass for a torn tail.
    /// </remarks>
    private static RecoveredLog MoveToFreshSegment(SegmentFiles files, WalOptions options, RecoveredLog found)
    {
        var old = found.Last;
        var end = found.Tail.Offset;
        var state = found.State == found.StateOnDisk ? [] : new byte[RecordHeader.Bytes];
        var link = state.Length == 0 ? found.Link
            : RecordHeader.ForState(found.State, found.Link, end).WriteTo(state, old.Header.ChainSeed);

        // FirstReplaced stays: the copy supersedes the old segment, and everything that the old one superseded.
        var header = old.Header with
        {
            Number = old.Number + 1,
            Capacity = CapacityFor(options, end + state.Length),
            Synced = end + state.Length,
        };
        var fresh = files.Create(header, file =>
        {
            Copy(old.File, file, end);
            if (state.Length > 0)
            {
                file.Write(end, state);
            }
        });
        old.Release();
        found.Live[^1] = fresh;
        return found with { Link = link, End = header.Synced };
    }

    /// <remarks>
    /// What was verified is read a second time and not verified again. The checksums come along, so a bit that changed in
    /// between shows at the next read, and as corruption: it lies below the header's synced.
    /// </remarks>
    private static void Copy(IFile from, IFile to, long end)
    {
        var window = new FileWindow(from, end);
        for (long at = SegmentHeader.Bytes; at < end; at += FileWindow.BlockBytes)
        {
            to.Write(at, window.At(at, (int)Math.Min(FileWindow.BlockBytes, end - at)));
        }
    }

    private static void RemoveSuperseded(SegmentFiles files, RecoveredLog recovered)
    {
        var live = recovered.Live.ConvertAll(segment => segment.Number);
        var dead = files.List().Except(live).ToList();
        dead.ForEach(files.Delete);
        if (dead.Count > 0)
        {
            files.SyncDirectory();
        }
    }

    /// <summary>The usual size, or more where that is too small for one record.</summary>
    private static long CapacityFor(WalOptions options, long bytes) =>
        Math.Max(options.SegmentSizeBytes, WalOptions.WholeBlocks(bytes));
}
