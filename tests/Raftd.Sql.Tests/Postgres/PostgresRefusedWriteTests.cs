using Raftd.Sql.Database;
using Raftd.Sql.Tests.Fronts;

namespace Raftd.Sql.Tests.Postgres;

/// <summary>On a real server.</summary>
public sealed class PostgresRefusedWriteTests(OneDatabase one) : RefusedWriteContract, IClassFixture<OneDatabase>
{
    private protected override IDatabase Emptied() => one.Emptied();

    private protected override void Execute(string sql) => one.Execute(sql);
}
