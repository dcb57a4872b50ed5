using Raftd.Sql.Database;
using Raftd.Sql.Postgres;
using Raftd.Sql.Tests.Database;
using Raftd.Testing.Databases;

namespace Raftd.Sql.Tests.Postgres;

public sealed class PostgresCrashTests() : CrashContract(PostgresServer.Start())
{
    private protected override IDatabase Prepared(string url, TimeSpan commandTimeout) =>
        PostgresServers.Prepared(url, new PostgresOptions { CommandTimeout = commandTimeout });
}
