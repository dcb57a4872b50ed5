using Raftd.Sql.Database;
using Raftd.Sql.Tests.Fronts;

namespace Raftd.Sql.Tests.MySql;

/// <summary>On a real server.</summary>
public sealed class MySqlRefusedWriteTests(OneMariaDb one) : RefusedWriteContract, IClassFixture<OneMariaDb>
{
    private protected override IDatabase Emptied() => one.Emptied();

    private protected override void Execute(string sql) => one.Execute(sql);
}
