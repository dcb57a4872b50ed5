// A file that is shorter than LMDB believes.
//
// LMDB reads its pages through the map and looks at no file size. A page beyond the end of the file is not an error
// code but SIGBUS, which kills the process at some later read. The file may be short for a good reason, though: a
// transaction may take pages at the end and free them again before it commits, and those are never written. So a short
// file is not refused for being short. Its trees are followed, reading the file and not the map, and it is refused if a
// page that is in use lies beyond the end, is of the wrong kind or is not where it says. Then the file is lengthened
// with a hole, so that the map has no page without a file behind it.
//
// Pages, little-endian, as of LMDB 0.9 on 64 bits:
//
//    page:  0 u64 page number | 8 u16 pad | 10 u16 flags | 12 u16 lower | 14 u16 upper   (overflow: 12 u32 pages)
//          16 u16 offset of node, for each node; (lower - 16) / 2 nodes
//    node:  0 u32 low half of n | 4 u16 flags | 6 u16 key bytes | 8 key | value
//           branch: n and the flags as its upper part are the child's page; leaf: n is the value's length
//           leaf with flag 1: the value is a u64 page, the first of an overflow run; with flag 2: a tree's record
//    tree:  0 u32 pad | 4 u16 flags | 6 u16 depth | 8 u64 branches | 16 u64 leaves | 24 u64 overflows | 32 u64 entries
//          40 u64 root, all ones when empty
//    meta:  page 0 and 1, after the 16 bytes of the header: 0 u32 magic | 4 u32 version | 8 address | 16 map size
//          24 tree of free pages | 72 tree of databases | 120 u64 last page | 128 u64 transaction

using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Raftd.Store.Buckets;

namespace Raftd.Store.Lmdb;

/// <summary>Makes sure that every page in use has a file behind it, before anything reads through the map.</summary>
internal sealed class DataFileCheck
{
    private const int HeaderBytes = 16;
    private const int NodeHeaderBytes = 8;
    private const int TreeBytes = 48;
    private const int MaxDepth = 32;
    private const ushort BranchPage = 0x01;
    private const ushort LeafPage = 0x02;
    private const ushort OverflowPage = 0x04;
    private const ushort BigValueNode = 0x01;
    private const ushort TreeNode = 0x02;

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly int _pageBytes;
    private readonly long _fileBytes;

    private DataFileCheck(SafeFileHandle file, string path, int pageBytes, long fileBytes)
    {
        _file = file;
        _path = path;
        _pageBytes = pageBytes;
        _fileBytes = fileBytes;
    }

    /// <param name="environment">Open, and not read from yet.</param>
    /// <param name="path">Of its data file.</param>
    /// <param name="lengthens">False for one who only looks: no page in use is beyond the end then, and no other is read.</param>
    /// <exception cref="BucketStoreException">With <see cref="BucketStoreFault.Corrupt"/>.</exception>
    public static void Run(LightningEnvironment environment, string path, bool lengthens = true)
    {
        var info = environment.Info;
        var neededBytes = (info.LastPage + 1) * info.PageSizeBytes;
        using var file = File.OpenHandle(path, FileMode.Open, lengthens ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite);
        var fileBytes = RandomAccess.GetLength(file);
        if (fileBytes >= neededBytes)
        {
            return;
        }

        new DataFileCheck(file, path, info.PageSizeBytes, fileBytes).CheckTrees(info.LastTransactionId);
        if (lengthens)
        {
            RandomAccess.SetLength(file, neededBytes);
        }
    }

    private void CheckTrees(long transactionId)
    {
        var meta = ReadPage(transactionId & 1);
        CheckTree(meta.AsSpan(HeaderBytes + 24, TreeBytes));
        CheckTree(meta.AsSpan(HeaderBytes + 72, TreeBytes));
    }

    private void CheckTree(ReadOnlySpan<byte> tree)
    {
        var root = BinaryPrimitives.ReadInt64LittleEndian(tree[40..]);
        if (root != -1)
        {
            CheckPage(root, depth: 0);
        }
    }

    private void CheckPage(long number, int depth)
    {
        var page = ReadPage(number);
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(10));
        var isLeaf = (flags & LeafPage) != 0;
        var at = BinaryPrimitives.ReadInt64LittleEndian(page);
        var nodes = (BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(12)) - HeaderBytes) / 2;
        Require(at == number && depth < MaxDepth && (flags & (LeafPage | BranchPage)) != 0, number);
        Require(nodes >= 0 && HeaderBytes + (2 * nodes) <= _pageBytes, number);
        for (var i = 0; i < nodes; i++)
        {
            var offset = BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(HeaderBytes + (2 * i)));
            Require(offset + NodeHeaderBytes <= _pageBytes, number);
            CheckNode(page.AsSpan(offset), isLeaf, number, depth);
        }
    }

    private void CheckNode(ReadOnlySpan<byte> node, bool isLeaf, long pageNumber, int depth)
    {
        var low = BinaryPrimitives.ReadUInt32LittleEndian(node);
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(node[4..]);
        if (!isLeaf)
        {
            CheckPage(low | ((long)flags << 32), depth + 1);
            return;
        }

        var valueOffset = NodeHeaderBytes + BinaryPrimitives.ReadUInt16LittleEndian(node[6..]);
        var valueBytes = (flags & BigValueNode) != 0 ? sizeof(long) : (long)low;
        Require(valueOffset + valueBytes <= node.Length, pageNumber);
        if ((flags & BigValueNode) != 0)
        {
            CheckOverflow(BinaryPrimitives.ReadInt64LittleEndian(node[valueOffset..]), low);
        }
        else if ((flags & TreeNode) != 0)
        {
            Require(valueBytes == TreeBytes, pageNumber);
            CheckTree(node.Slice(valueOffset, TreeBytes));
        }
    }

    private void CheckOverflow(long number, long valueBytes)
    {
        var page = ReadPage(number);
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(10));
        var pages = BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(12));
        Require((flags & OverflowPage) != 0 && HeaderBytes + valueBytes <= (long)pages * _pageBytes, number);
        Require((number + pages) * _pageBytes <= _fileBytes, number);
    }

    private byte[] ReadPage(long number)
    {
        Require(number >= 0 && number < _fileBytes / _pageBytes, number);
        var page = new byte[_pageBytes];
        var read = RandomAccess.Read(_file, page, number * _pageBytes);
        Require(read == _pageBytes, number);
        return page;
    }

    private void Require(bool condition, long page)
    {
        if (!condition)
        {
            throw new BucketStoreException(
                BucketStoreFault.Corrupt,
                $"{_path} was cut: it has {_fileBytes} bytes and page {page} is beyond or is not what it should be");
        }
    }
}
