using Raftd.Contract;
using Raftd.Sql.Database;

namespace Raftd.Sql.Fronts;

/// <summary>What a client is told when the database has failed a read.</summary>
internal static class DatabaseAnswers
{
    public static StoreException Of(DatabaseException failure) => new(
        ErrorCode.NotReady, $"the database does not answer: {failure.Message}", "try again; /readyz shows when it does");
}
