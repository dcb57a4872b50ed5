using Raftd.Sql;

namespace Raftd.Cli;

/// <summary><c>raftd store</c>: what an administrator of the database wants to see.</summary>
internal static class StoreCommand
{
    private const string Usage =
        """
        raftd store schema [postgres | mysql]        print the statements that make the tables; mysql is for MariaDB and TiDB too

        A front (raftd -store URL) keeps all its data in a database, and any number of fronts serve one. The first of them makes the
        tables. Where its user may not, print the statements here and run them once, in an empty database:

          raftd store schema | psql -v ON_ERROR_STOP=1 -1 'postgres://admin@db.example.org/raftd'
          raftd store schema mysql | mariadb -h db.example.org -u admin -p raftd

        Then the front's user needs SELECT, INSERT, UPDATE and DELETE on the tables, and nothing else:

          GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO raftd;     (PostgreSQL)
          GRANT SELECT, INSERT, UPDATE, DELETE ON raftd.* TO raftd;                         (MySQL)

        Start it with the password in a file, or in RAFTD_STORE_PASSWORD:

          raftd -id front1 -haddr 10.0.0.1:7200 -raddr 10.0.0.1:8200 -store postgres://raftd@db.example.org/raftd \
            -store-password-file /etc/raftd.password

        Fronts speak to each other at -raddr: writes go to the front that leads. Without it all works, and takes longer.

        The URL: postgres://user@host[:port]/database[?sslmode=disable|require|verify-full][&sslrootcert=FILE], or the same with mysql://
        docs/sql-engine.md has the rest.
        """;

    public static ExitCode Schema(SqlEngine engine, TextWriter stdout)
    {
        stdout.Write(SqlSchema.Of(engine));
        return ExitCode.Ok;
    }

    public static ExitCode Help(TextWriter stdout)
    {
        stdout.WriteLine(Usage);
        return ExitCode.Ok;
    }
}
