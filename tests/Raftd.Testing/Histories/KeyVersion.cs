using System.Text;

namespace Raftd.Testing.Histories;

/// <summary>A key as it was set by the write of that revision.</summary>
public readonly record struct KeyVersion(string Key, long ModRevision, ReadOnlyMemory<byte> Value)
{
    public string Text => Encoding.UTF8.GetString(Value.Span);

    /// <summary>Keys with their revisions and what their values fold to, as one line.</summary>
    public static string Describe(IEnumerable<KeyVersion> versions) =>
        string.Join(' ', versions.Select(version => $"{version.Key}@{version.ModRevision}={Fold.Of(version.Value.Span):x16}"));
}
