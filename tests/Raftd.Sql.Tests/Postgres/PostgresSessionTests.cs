using Raftd.Sql.Database;
using Raftd.Sql.Tests.Database;

namespace Raftd.Sql.Tests.Postgres;

/// <summary>The contract, kept by a real server.</summary>
public sealed class PostgresSessionTests(OneDatabase one) : SessionContract, IClassFixture<OneDatabase>
{
    private protected override IDatabase NewDatabase() => one.Emptied();
}
