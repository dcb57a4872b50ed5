using Raftd.Sql.Database;
using Raftd.Sql.MySql;
using Raftd.Sql.Tests.Database;
using Raftd.Sql.Tests.Fronts;

namespace Raftd.Sql.Tests.MySql;

public sealed class MySqlBucketTests(MariaDbServers servers) : BucketContract
{
    private readonly OneMariaDb _one = new(servers);

    private protected override IDatabase NewDatabase() => _one.Emptied(new MySqlOptions { MaxConnections = 100 });
}

public sealed class MySqlFrontBucketTests(MariaDbServers servers) : BucketBehaviours
{
    private readonly OneMariaDb _one = new(servers);
    private bool _isPrepared;

    private protected override IDatabase NextDatabase()
    {
        var database = _isPrepared ? _one.Opened() : _one.Emptied();
        _isPrepared = true;
        return database;
    }
}
