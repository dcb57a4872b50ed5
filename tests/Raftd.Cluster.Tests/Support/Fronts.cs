using System.Globalization;
using Raftd.Testing;
using Raftd.Testing.Databases;

namespace Raftd.Cluster.Tests.Support;

/// <summary>Three fronts over one database, as an administrator sets them up: tables made by hand, and a user who may read and write
/// them and do nothing else.</summary>
internal sealed class Fronts : IDisposable
{
    /// <summary>Must never be seen in what a front writes.</summary>
    public const string Password = "s3cret-of-the-front";

    private const string User = "front";

    private readonly Scene _scene;
    private readonly string _url;

    private Fronts(Scene scene, DatabaseServer server, string url)
    {
        _scene = scene;
        Server = server;
        _url = url;
        Members = [.. Enumerable.Range(1, 3).Select(number => scene.AddMember(Make(string.Create(CultureInfo.InvariantCulture, $"front{number}"))))];
    }

    public DatabaseServer Server { get; }

    /// <summary>The name of the database.</summary>
    public string Database => new Uri(_url).AbsolutePath.Trim('/');

    public IReadOnlyList<Member> Members { get; }

    public Member this[int index] => Members[index];

    /// <param name="scene">Ends them.</param>
    /// <param name="engine">As in a URL.</param>
    /// <param name="schema">As <c>raftd store schema</c> prints it for this engine.</param>
    public static async Task<Fronts> StartAsync(Scene scene, string engine, string schema)
    {
        DatabaseServer server = engine == "mysql" ? MariaDbServer.Start() : PostgresServer.Start();
        var superuser = new UriBuilder(server.CreateDatabase());
        var database = superuser.Path.Trim('/');
        server.Execute(schema, database);
        if (server is PostgresServer)
        {
            LetIn(server, database);
        }
        else
        {
            server.Execute($"CREATE USER {User} IDENTIFIED BY '{Password}'; GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.* TO {User}");
        }

        superuser.UserName = User;
        var fronts = new Fronts(scene, server, superuser.ToString());
        foreach (var front in fronts.Members)
        {
            front.Start();
        }

        await fronts.ReadyAsync();
        return fronts;
    }

    /// <summary>Over the same database; not started.</summary>
    public Member Make(string label) => new(_scene, label, [])
    {
        Store = _url,
        Variables = [("RAFTD_STORE_PASSWORD", Password)],
    };

    public async Task ReadyAsync()
    {
        foreach (var front in Members)
        {
            await front.ReadyAsync();
        }
    }

    /// <summary>The one in whose lead all that run agree.</summary>
    public Task<Member> LeaderAsync() => Until.SomeAsync("a front leads", TimeSpan.FromSeconds(30), async () =>
    {
        var running = Members.Where(static front => front.IsRunning).ToArray();
        var statuses = await Task.WhenAll(running.Select(static front => front.StatusAsync()));
        return running.Zip(statuses).FirstOrDefault(pair => statuses.All(status => status.Leader == pair.Second.MemberId)).First;
    });

    /// <summary>How many rows of the log a front wrote that did not lead.</summary>
    public string RowsOfFollowers() =>
        Server.Execute("SELECT count(*) FROM raftd_log WHERE front <> leader", new Uri(_url).AbsolutePath.Trim('/'));

    public void Dispose() => Server.Dispose();

    private static void LetIn(DatabaseServer server, string database)
    {
        server.Execute(
            $"REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE {User} LOGIN PASSWORD '{Password}';"
            + $"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {User}",
            database);

        // The server lets in everyone on this machine; this user has to show a password.
        var rules = server.PathOf("pg_hba.conf");
        File.WriteAllText(rules, $"host all {User} 127.0.0.1/32 scram-sha-256\n{File.ReadAllText(rules)}");
        server.Execute("SELECT pg_reload_conf()");
    }
}
