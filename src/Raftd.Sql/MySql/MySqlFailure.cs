namespace Raftd.Sql.MySql;

/// <summary>What the package or the server has refused, in the words of either.</summary>
/// <param name="code">The server's; null where no answer came.</param>
/// <param name="message">For operators.</param>
/// <param name="isForGood">No connection was made, for a reason that another attempt does not change.</param>
/// <param name="inner">The package's.</param>
internal sealed class MySqlFailure(int? code, string message, bool isForGood, Exception? inner) : Exception(message, inner)
{
    public int? Code { get; } = code;

    public bool IsForGood { get; } = isForGood;
}
