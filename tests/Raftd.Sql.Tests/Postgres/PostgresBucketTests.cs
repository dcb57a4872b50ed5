using Raftd.Sql.Database;
using Raftd.Sql.Postgres;
using Raftd.Sql.Tests.Database;
using Raftd.Sql.Tests.Fronts;

namespace Raftd.Sql.Tests.Postgres;

public sealed class PostgresBucketTests(PostgresServers servers) : BucketContract
{
    private readonly OneDatabase _one = new(servers);

    private protected override IDatabase NewDatabase() => _one.Emptied(new PostgresOptions { MaxConnections = 100 });
}

public sealed class PostgresFrontBucketTests(PostgresServers servers) : BucketBehaviours
{
    private readonly OneDatabase _one = new(servers);
    private bool _isPrepared;

    private protected override IDatabase NextDatabase()
    {
        var database = _isPrepared ? _one.Opened() : _one.Emptied();
        _isPrepared = true;
        return database;
    }
}
