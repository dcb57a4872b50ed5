using Raftd.Sql.Database;
using Raftd.Sql.MySql;
using Raftd.Sql.Tests.Database;
using Raftd.Testing.Databases;

namespace Raftd.Sql.Tests.MySql;

public sealed class MySqlCrashTests() : CrashContract(MariaDbServer.Start())
{
    private protected override IDatabase Prepared(string url, TimeSpan commandTimeout) =>
        MariaDbServers.Prepared(url, new MySqlOptions { CommandTimeout = commandTimeout });
}
