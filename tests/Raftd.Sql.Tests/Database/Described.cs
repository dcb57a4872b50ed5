using System.Text;
using Raftd.Sql.Database;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Sql.Tests.Database;

/// <summary>Records as text, since their arrays are equal only to themselves.</summary>
internal static class Described
{
    public static string Of(KeyRow? row) => row is null
        ? "none"
        : $"{Text(row.Key)} {row.Revision} {row.CreateRevision} {row.Version} {row.Lease} {row.Flags} {row.ValueBytes} {Text(row.Value)}";

    public static string Of(RevisionRecord record) =>
        $"{record.Revision} {Text(record.Key)} {record.CreateRevision} {record.Version} {record.Lease} {record.Flags} "
        + $"{record.ValueBytes} {Text(record.Value)}";

    public static string Of(LeaseRecord lease) => $"{lease with { Name = [] }} {Text(lease.Name)}";

    public static string Of(LeaseKeyRow row) => $"{row.Lease} {Text(row.Key)} {row.Record}";

    public static string Of(MetaChange meta) => $"{meta.Name} {Text(meta.Value)}";

    public static string Of(LogRow row) => $"{row with { Deltas = default }} {Convert.ToHexString(row.Deltas.Span)}";

    /// <summary>A line each.</summary>
    public static string Lines<T>(IEnumerable<T> rows, Func<T, string> of) => string.Join('\n', rows.Select(of));

    public static string Keys(IEnumerable<KeyRow> rows) => string.Join(' ', rows.Select(static row => Text(row.Key)));

    /// <summary>key@revision.</summary>
    public static string Versions(IEnumerable<RevisionRecord> records) =>
        string.Join(' ', records.Select(static record => $"{Text(record.Key)}@{record.Revision}"));

    private static string Text(byte[]? bytes) => bytes is null ? "none" : Encoding.Latin1.GetString(bytes);
}
