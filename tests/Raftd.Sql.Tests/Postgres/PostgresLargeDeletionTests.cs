using System.Globalization;
using Raftd.Sql.Database;
using Raftd.Sql.Tests.Fronts;

namespace Raftd.Sql.Tests.Postgres;

/// <summary>On a real server.</summary>
public sealed class PostgresLargeDeletionTests(OneDatabase one) : LargeDeletionContract, IClassFixture<OneDatabase>
{
    private protected override IDatabase Emptied() => one.Emptied();

    private protected override IDatabase Opened() => one.Opened();

    private protected override long CountVersions() =>
        long.Parse(one.Query("SELECT count(*) FROM raftd_revisions"), CultureInfo.InvariantCulture);
}
