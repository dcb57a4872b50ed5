using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Raftd.Testing.Disks;

namespace Raftd.PowerLoss.Tests.Replaying;

/// <summary>A disk of the model on the real one.</summary>
internal static class Image
{
    // LMDB writes it through a map and starts it afresh at each open.
    private const string ReaderTable = "/lock.mdb";

    /// <summary>Makes the folder, which stays empty if the disk is.</summary>
    public static void Write(MemoryFileSystem files, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var directory in files.Directories)
        {
            Directory.CreateDirectory(folder + directory);
        }

        foreach (var path in files.Paths)
        {
            File.WriteAllBytes(folder + path, files.Get(path));
        }
    }

    /// <summary>The same for two disks with the same names and contents, and for no others.</summary>
    public static string HashOf(MemoryFileSystem files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var name in files.Directories)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name + "/\0"));
        }

        foreach (var path in files.Paths)
        {
            var content = files.Get(path);
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{path}\0{content.Length}\0")));
            hash.AppendData(content);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>The first file that is not the same in both; null when all are.</summary>
    public static string? FindDifference(MemoryFileSystem files, string folder)
    {
        foreach (var root in files.Directories.Where(path => path.LastIndexOf('/') == 0))
        {
            var real = Directory.GetFiles(folder + root, "*", SearchOption.AllDirectories)
                .Select(path => path[folder.Length..]).ToHashSet(StringComparer.Ordinal);
            real.SymmetricExceptWith(files.Paths);
            if (real.Count > 0)
            {
                return string.Join(", ", real.Order(StringComparer.Ordinal));
            }
        }

        return files.Paths.FirstOrDefault(path => !path.EndsWith(ReaderTable, StringComparison.Ordinal)
            && !files.Get(path).AsSpan().SequenceEqual(File.ReadAllBytes(folder + path)));
    }
}
