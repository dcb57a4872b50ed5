// PostgreSQL behind the seam.
//
// Each call is one round trip: its commands go out as one pipeline (NpgsqlBatch), BEGIN and COMMIT among them. A snapshot is ended by
// the next command of its session, or with the session, so that ending it costs nothing where more follows. Statements are prepared
// by the driver once they were used twice, and stay prepared with their connection, which is why connections are not reset.
//
// Every statement names a bucket and is served by a primary key or an index. The server is told so (the settings below), because a
// plan that it made while a table was nearly empty is kept, and would read the whole table once that is large.

using Npgsql;
using Raftd.Contract;
using Raftd.Sql.Database;

namespace Raftd.Sql.Postgres;

/// <summary>A database of PostgreSQL as one of its buckets sees it.</summary>
internal sealed class PostgresDatabase : IDatabase
{
    // A plan with a table read whole is taken where nothing else can be had. jit would compile such a plan, since it seems dear.
    private const string PlanSettings =
        "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off";

    // A front that stands still in a snapshot keeps the server from removing old rows: until then.
    private static readonly TimeSpan IdleTransactionLimit = TimeSpan.FromSeconds(60);

    // The server gives up on a statement first, and says that it has changed nothing; without an answer that is unknown.
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(2);

    // Statements of this driver, each in its few shapes.
    private const int MaxPreparedStatements = 64;

    private readonly NpgsqlDataSource _connections;
    private readonly int _maxConnections;
    private readonly bool _ownsConnections;

    public PostgresDatabase(SqlTarget target, PostgresOptions? options = null)
    {
        options ??= new PostgresOptions();
        (Target, _maxConnections, _ownsConnections) = (target, options.MaxConnections, true);
        (BucketId, Bucket) = (BucketRow.DefaultId, BucketNames.Default);
        _connections = NpgsqlDataSource.Create(ConnectionString(target, options));
    }

    private PostgresDatabase(PostgresDatabase other, BucketRow bucket)
    {
        (Target, _maxConnections, _connections) = (other.Target, other._maxConnections, other._connections);
        (BucketId, Bucket, ClusterId) = (bucket.Id, bucket.Name, bucket.ClusterId);
    }

    public SqlTarget Target { get; }

    public long BucketId { get; }

    public string Bucket { get; }

    public ulong ClusterId { get; private set; }

    public string Name => Target.ToString();

    /// <summary>Refuses a server that is not safe, and makes the tables where there are none. Once, before anything else.</summary>
    /// <exception cref="DatabaseException">Wrong: with every setting that is not safe and what mends it, or with what is wrong about the
    /// tables.</exception>
    public void Prepare()
    {
        using var connection = Connect();
        try
        {
            RequireSafety(connection);
            ClusterId = PostgresSchema.Prepare(connection, Target);
        }
        catch (Exception failure) when (PostgresFaults.IsOne(failure))
        {
            Discard();
            throw PostgresFaults.Of(failure, mayHaveWritten: false, Target);
        }
    }

    public IDatabase OfBucket(BucketRow bucket) => new PostgresDatabase(this, bucket);

    public ISession Open() => new PostgresSession(this, Connect());

    /// <summary>Closes the connections that wait in the pool, and each other one when it is given back.</summary>
    /// <remarks>What has broken one has mostly broken all: the server was restarted, or another one took its address.</remarks>
    public void Discard() => _connections.Clear();

    public void Dispose()
    {
        if (_ownsConnections)
        {
            _connections.Dispose();
        }
    }

    private void RequireSafety(NpgsqlConnection connection)
    {
        var problems = PostgresChecks.FindProblems(connection);
        if (problems.Count > 0)
        {
            var list = string.Concat(problems.Select(static problem => $"\n- {problem}"));
            throw new DatabaseException(DatabaseFault.Wrong, $"{Target} is not safe to use:{list}");
        }
    }

    private NpgsqlConnection Connect()
    {
        try
        {
            return _connections.OpenConnection();
        }
        catch (Exception failure) when (PostgresFaults.IsOne(failure))
        {
            throw PostgresFaults.OfOpening(failure, Target, _maxConnections);
        }
    }

    private static string ConnectionString(SqlTarget target, PostgresOptions options) => new NpgsqlConnectionStringBuilder
    {
        Host = target.Host,
        Port = target.Port,
        Database = target.Database,
        Username = target.User,
        Password = target.Password,
        SslMode = target.IsSocket ? SslMode.Disable : ModeOf(target.Encryption),
        RootCertificate = target.RootCertificatePath,
        GssEncryptionMode = GssEncryptionMode.Disable,
        ApplicationName = "raftd",
        Options = $"{PlanSettings} -c statement_timeout={Milliseconds(options.CommandTimeout)}"
            + $" -c idle_in_transaction_session_timeout={Milliseconds(IdleTransactionLimit)}",
        Timeout = Seconds(options.ConnectTimeout),
        CommandTimeout = Seconds(options.CommandTimeout + AnswerTime),

        // A call without an answer ends its connection at once: the server has ended the statement by itself, or is not there.
        CancellationTimeout = -1,
        MaxPoolSize = options.MaxConnections,
        MaxAutoPrepare = MaxPreparedStatements,
        AutoPrepareMinUsages = 2,
        NoResetOnClose = true,
        Enlist = false,
    }.ConnectionString;

    private static SslMode ModeOf(SqlEncryption encryption) => encryption switch
    {
        SqlEncryption.Disable => SslMode.Disable,
        SqlEncryption.Require => SslMode.Require,
        SqlEncryption.VerifyFull => SslMode.VerifyFull,
        _ => SslMode.Prefer,
    };

    private static int Seconds(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time.TotalSeconds));

    private static long Milliseconds(TimeSpan time) => Seconds(time) * 1000L;
}
