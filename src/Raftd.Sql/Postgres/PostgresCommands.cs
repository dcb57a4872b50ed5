using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace Raftd.Sql.Postgres;

/// <summary>Commands of one pipeline, with their parameters in the order of their numbers.</summary>
internal static class PostgresCommands
{
    public static NpgsqlBatchCommand Add(this NpgsqlBatch batch, string sql)
    {
        var command = new NpgsqlBatchCommand(sql);
        batch.BatchCommands.Add(command);
        return command;
    }

    public static NpgsqlBatchCommand With(this NpgsqlBatchCommand command, long value) =>
        command.With(value, NpgsqlDbType.Bigint);

    /// <summary>As the BIGINT of the same bits.</summary>
    public static NpgsqlBatchCommand With(this NpgsqlBatchCommand command, ulong value) =>
        command.With(unchecked((long)value), NpgsqlDbType.Bigint);

    public static NpgsqlBatchCommand With(this NpgsqlBatchCommand command, ReadOnlyMemory<byte> value) =>
        command.With(value, NpgsqlDbType.Bytea);

    /// <summary>As UTF-8.</summary>
    public static NpgsqlBatchCommand WithText(this NpgsqlBatchCommand command, string value) =>
        command.With((ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(value));

    public static NpgsqlBatchCommand WithNumbers<T>(this NpgsqlBatchCommand command, IReadOnlyList<T> rows, Func<T, long> number) =>
        command.With(ArrayOf(rows, number), NpgsqlDbType.Array | NpgsqlDbType.Bigint);

    /// <summary>Numbers that some rows do not have.</summary>
    public static NpgsqlBatchCommand WithNumbersOrNull<T>(
        this NpgsqlBatchCommand command, IReadOnlyList<T> rows, Func<T, long?> number) =>
        command.With(ArrayOf(rows, number), NpgsqlDbType.Array | NpgsqlDbType.Bigint);

    public static NpgsqlBatchCommand WithFlags<T>(this NpgsqlBatchCommand command, IReadOnlyList<T> rows, Func<T, bool> flag) =>
        command.With(ArrayOf(rows, flag), NpgsqlDbType.Array | NpgsqlDbType.Boolean);

    public static NpgsqlBatchCommand WithBytes<T>(this NpgsqlBatchCommand command, IReadOnlyList<T> rows, Func<T, byte[]?> bytes) =>
        command.With(ArrayOf(rows, bytes), NpgsqlDbType.Array | NpgsqlDbType.Bytea);

    private static NpgsqlBatchCommand With<T>(this NpgsqlBatchCommand command, T value, NpgsqlDbType type)
    {
        command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type });
        return command;
    }

    private static TColumn[] ArrayOf<TRow, TColumn>(IReadOnlyList<TRow> rows, Func<TRow, TColumn> column)
    {
        var values = new TColumn[rows.Count];
        for (var at = 0; at < values.Length; at++)
        {
            values[at] = column(rows[at]);
        }

        return values;
    }
}
