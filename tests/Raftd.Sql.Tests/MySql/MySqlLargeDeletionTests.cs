using System.Globalization;
using Raftd.Sql.Database;
using Raftd.Sql.Tests.Fronts;

namespace Raftd.Sql.Tests.MySql;

/// <summary>On a real server.</summary>
public sealed class MySqlLargeDeletionTests(OneMariaDb one) : LargeDeletionContract, IClassFixture<OneMariaDb>
{
    private protected override IDatabase Emptied() => one.Emptied();

    private protected override IDatabase Opened() => one.Opened();

    private protected override long CountVersions() =>
        long.Parse(one.Execute("SELECT count(*) FROM raftd_revisions"), CultureInfo.InvariantCulture);
}
