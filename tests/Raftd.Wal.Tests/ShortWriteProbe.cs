using System.Runtime.CompilerServices;

namespace Raftd.Wal.Tests;

/// <summary>Run in a process of its own, under strace: writes some blocks, one behind the other, then exits.</summary>
internal static class ShortWriteProbe
{
    public const string Variable = "RAFTD_SHORT_WRITE_PROBE";
    public const int Blocks = 5;
    public const int BlockBytes = 10_000;

    public static byte[] Block()
    {
        var block = new byte[BlockBytes];
        new Random(1).NextBytes(block);
        return block;
    }

    [ModuleInitializer]
    internal static void RunWhenAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } path)
        {
            return;
        }

        using (var file = new PosixFileSystem().Open(path, FileOpenMode.CreateNew))
        {
            for (var block = 0; block < Blocks; block++)
            {
                file.Write(block * BlockBytes, Block());
            }
        }

        Environment.Exit(0);
    }
}
