namespace Raftd.Sql;

/// <summary>The wire that a database speaks.</summary>
public enum SqlEngine
{
    Postgres,

    /// <summary>MariaDB and TiDB speak it too.</summary>
    MySql,
}
