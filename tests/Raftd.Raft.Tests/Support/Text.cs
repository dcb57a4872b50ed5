using System.Text;

namespace Raftd.Raft.Tests.Support;

/// <summary>Data as text and back.</summary>
internal static class Text
{
    public static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static string Of(Entry entry) => Encoding.UTF8.GetString(entry.Data.Span);
}
