namespace Raftd.Sql.Postgres;

/// <summary>Statements that delete many rows, each of which is looked up by itself and deleted where it lies.</summary>
/// <remarks>
/// A join with what is to be deleted, or a list of it, would be planned: and a plan that was made while the table was nearly empty reads
/// all rows of the bucket. LIMIT leaves nothing to plan. No other writer moves a row behind the row of the log.
/// </remarks>
internal static class PostgresDeletion
{
    /// <param name="table">With `$1` as its bucket.</param>
    /// <param name="gone">What is to be deleted: a table, or what stands for one, by the name `gone`.</param>
    /// <param name="match">Of a row `kept` and one of `gone`, by the key of the table.</param>
    public static string OfEach(string table, string gone, string match)
    {
        var lookup = $"SELECT kept.ctid FROM {table} AS kept WHERE kept.bucket = $1 AND {match} LIMIT 1";
        return $"DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT found.ctid FROM {gone} CROSS JOIN LATERAL ({lookup}) AS found))";
    }
}
