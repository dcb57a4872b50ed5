using Raftd.Contract;
using Raftd.Sql.Database;

namespace Raftd.Sql.Fronts;

/// <summary>What a client is told when the database has failed a read, or does not answer one.</summary>
internal static class DatabaseAnswers
{
    public static StoreException Late(TimeSpan limit) => new(
        ErrorCode.NotReady, $"the database did not answer within {limit.TotalSeconds:0.#} s", "try again; /readyz shows when it answers");

    public static StoreException Of(DatabaseException failure) => new(
        ErrorCode.NotReady, $"the database does not answer: {failure.Message}", "try again; /readyz shows when it does");
}
