using Raftd.Sql.Database;
using Raftd.Sql.Tests.Fronts;

namespace Raftd.Sql.Tests.MySql;

/// <summary>On a real server.</summary>
public sealed class MySqlSetDeletionTests(OneMariaDb one) : SetDeletionContract, IClassFixture<OneMariaDb>
{
    private protected override IDatabase NewDatabase() => one.Emptied();
}
