using Raftd.Sql.Database;
using Raftd.Sql.Tests.Fronts;

namespace Raftd.Sql.Tests.Postgres;

/// <summary>On a real server.</summary>
public sealed class PostgresSetDeletionTests(OneDatabase one) : SetDeletionContract, IClassFixture<OneDatabase>
{
    private protected override IDatabase NewDatabase() => one.Emptied();
}
