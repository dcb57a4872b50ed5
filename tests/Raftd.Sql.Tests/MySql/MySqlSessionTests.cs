using Raftd.Sql.Database;
using Raftd.Sql.Tests.Database;

namespace Raftd.Sql.Tests.MySql;

/// <summary>The contract, kept by a real server.</summary>
public sealed class MySqlSessionTests(OneMariaDb one) : SessionContract, IClassFixture<OneMariaDb>
{
    private protected override IDatabase NewDatabase() => one.Emptied();
}
