using System.Globalization;

namespace Raftd.Wal;

/// <summary>The directory of the log: the names of its files, and how a segment is made and deleted.</summary>
/// <remarks>
/// A segment is made under a temporary name: allocate, write the header, fsync, rename, fsync the directory. So a file
/// that bears the name of a segment is whole after any crash: it has its full length and a durable header. Names that end
/// in .tmp mean nothing and are removed at start, except a spare that is all zeros. The writer thread owns everything here
/// but the spare, see <see cref="SpareSegment"/>.
///
/// A power loss between the rename and the sync of the directory may keep the new name or lose it. Both are right: the
/// caller gets the segment after the sync, so no record is in it and nothing that it supersedes is deleted.
/// </remarks>
internal sealed class SegmentFiles(IFileSystem files, string directory, SpareSegment spare)
{
    public const string Suffix = ".wal";
    public const string TemporarySuffix = ".tmp";

    public string NameOf(ulong number) => NameOf(directory, number);

    public static string NameOf(string directory, ulong number) =>
        Path.Combine(directory, number.ToString("x16", CultureInfo.InvariantCulture) + Suffix);

    /// <summary>The numbers of the segments in the directory, live and superseded, in rising order.</summary>
    public List<ulong> List() => List(files, directory);

    public static List<ulong> List(IFileSystem files, string directory)
    {
        var numbers = new List<ulong>();
        foreach (var name in files.List(directory))
        {
            if (name.Length == 16 + Suffix.Length && name.EndsWith(Suffix, StringComparison.Ordinal)
                && ulong.TryParse(name.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number))
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }

    public IFile Open(ulong number) => files.Open(NameOf(number), FileOpenMode.OpenExisting);

    /// <summary>Makes a segment durable under its name, with what <paramref name="fill"/> writes behind the header.</summary>
    /// <exception cref="WalSpaceException">The disk is full; nothing has changed, a later call may succeed.</exception>
    public Segment Create(in SegmentHeader header, Action<IFile>? fill = null)
    {
        var temporary = NameOf(header.Number) + TemporarySuffix;
        IFile? file = null;
        try
        {
            file = spare.TryTake(header.Capacity, temporary) ?? SpareSegment.Allocate(files, temporary, header.Capacity);
            WriteHeader(file, header);
            fill?.Invoke(file);
            file.Sync();
            Failpoint.Hit("log.roll", errno => new StorageIoException("rename", temporary, errno));
            files.Rename(temporary, NameOf(header.Number));
        }
        catch (StorageIoException e)
        {
            file?.Dispose();
            Abandon(temporary);
            spare.NoteAllocation(e);
            throw e.IsDiskFull ? new WalSpaceException(directory, e) : e;
        }

        spare.NoteAllocation(null);
        Failpoint.Hit("log.rolled");
        files.SyncDirectory(directory);
        file.Dispose(); // opened again, so that later errors name the segment and not the temporary file
        return new Segment(header, Open(header.Number));
    }

    /// <summary>Removes the name; not durable before <see cref="SyncDirectory"/>.</summary>
    public void Delete(ulong number) => files.Delete(NameOf(number));

    public void SyncDirectory() => files.SyncDirectory(directory);

    /// <summary>Removes what a process left that died while it made a segment.</summary>
    public void RemoveTemporaries()
    {
        foreach (var name in files.List(directory))
        {
            if (name.EndsWith(Suffix + TemporarySuffix, StringComparison.Ordinal))
            {
                files.Delete(Path.Combine(directory, name));
            }
        }
    }

    private static void WriteHeader(IFile file, in SegmentHeader header)
    {
        var block = new byte[SegmentHeader.Bytes];
        header.WriteTo(block);
        file.Write(0, block);
    }

    /// <summary>Gives the space back; if that fails too, the next start does it.</summary>
    private void Abandon(string temporary)
    {
        try
        {
            if (files.Exists(temporary))
            {
                files.Delete(temporary);
            }
        }
        catch (StorageIoException)
        {
            // The failure that brought us here is the one to report.
        }
    }
}
