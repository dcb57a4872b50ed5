// MariaDB, MySQL and TiDB behind the seam.
//
// Each call is one packet of statements (MySqlScript), the beginning and the end of its transaction among them; a large batch is several
// packets of one transaction. A snapshot is ended by the next packet of its session, or with the session, so that ending it costs nothing
// where more follows. Nothing is prepared: a prepared statement is a packet of its own, and one with many rows as long as its text.
//
// Every statement names a bucket and is served by a primary key or an index. The server is told which where it could choose another way.

using System.Data.Common;
using System.Globalization;
using Raftd.Contract;
using Raftd.Sql.Database;

namespace Raftd.Sql.MySql;

/// <summary>A database of a server that speaks MySQL's protocol, as one of its buckets sees it.</summary>
internal sealed class MySqlDatabase : IDatabase
{
    /// <summary>So long the server waits for the next packet of a connection. One that stands still in a snapshot keeps it from removing
    /// old rows; one that stands still in a batch keeps all others from writing.</summary>
    public static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(60);

    // Of a key, where a statement sorts by keys: MariaDB compares only the beginning of long ones.
    private const int SortedBytes = 2 * SqlLimits.MaxKeyBytes;

    // The server gives up on a statement first, and says so; without an answer it is not known what became of it.
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(2);

    private readonly MySqlPool _connections;
    private readonly TimeSpan _limit;
    private readonly bool _ownsConnections;
    private long _maxPacketBytes = MySqlChecks.LeastPacketBytes;

    public MySqlDatabase(SqlTarget target, MySqlOptions? options = null)
    {
        options ??= new MySqlOptions();
        (Target, _limit, _ownsConnections) = (target, options.CommandTimeout + AnswerTime, true);
        (BucketId, Bucket) = (BucketRow.DefaultId, BucketNames.Default);
        _connections = new MySqlPool(target, options, SettingsOf(options));
    }

    private MySqlDatabase(MySqlDatabase other, long id, string name, ulong clusterId)
    {
        (Target, _limit, _connections, _maxPacketBytes) = (other.Target, other._limit, other._connections, other._maxPacketBytes);
        (BucketId, Bucket, ClusterId) = (id, name, clusterId);
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
        var lease = _connections.Take();
        try
        {
            RequireSafety(lease.Link);
            ClusterId = MySqlSchema.Prepare(lease.Link, Target);
        }
        catch (MySqlFailure failure)
        {
            throw MySqlFaults.Of(failure, mayHaveWritten: false, Target);
        }
        finally
        {
            lease.GiveBack(isClean: false);
        }
    }

    public IDatabase OfBucket(BucketRow bucket) => new MySqlDatabase(this, bucket.Id, bucket.Name, bucket.ClusterId);

    public ISession Open() => new MySqlSession(this, _connections.Take());

    /// <summary>Closes the connections that wait in the pool, and each other one when it is given back.</summary>
    public void Discard() => _connections.Discard();

    public void Dispose()
    {
        if (_ownsConnections)
        {
            _connections.Dispose();
        }
    }

    /// <exception cref="MySqlFailure">As the link says.</exception>
    /// <exception cref="DatabaseException">The server would not take so much, and would not say so before all of it has arrived.</exception>
    public void Send(MySqlLink link, string packet, Action<DbDataReader> onResult)
    {
        if (packet.Length >= _maxPacketBytes)
        {
            throw new DatabaseException(
                DatabaseFault.Wrong,
                $"{Target} takes packets of {_maxPacketBytes} bytes, and one of {packet.Length} is needed: SET GLOBAL max_allowed_packet = 1073741824;");
        }

        link.Run(packet, _limit, onResult);
    }

    public DatabaseException LogIsEmpty() => new(
        DatabaseFault.Wrong, $"the log of bucket {BucketId} has no rows: its tables were not made by raftd, or were emptied");

    public static long NumberOf(IReadOnlyDictionary<string, string> settings, string name) =>
        long.TryParse(settings.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private void RequireSafety(MySqlLink link)
    {
        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var names = string.Join(", ", MySqlChecks.Names.Select(static name => $"'{name}'"));
        link.Run($"SHOW VARIABLES WHERE Variable_name IN ({names})", _limit, reader =>
        {
            while (reader.Read())
            {
                settings[reader.GetString(0)] = reader.GetString(1);
            }
        });
        if (MySqlChecks.FindProblems(settings) is { Count: > 0 } problems)
        {
            var list = string.Concat(problems.Select(static problem => $"\n- {problem}"));
            throw new DatabaseException(DatabaseFault.Wrong, $"{Target} is not safe to use:{list}");
        }

        _maxPacketBytes = NumberOf(settings, "max_allowed_packet");
    }

    /// <summary>What a session begins with, whatever the server's defaults are. Statements are ended by a limit of their own, which each
    /// engine names differently; comments with a sign are read by one of them.</summary>
    private static string SettingsOf(MySqlOptions options)
    {
        // A wait for a lock ends first: with it, it is sure that nothing was changed.
        var (wait, idle) = (MySqlOptions.Seconds(options.CommandTimeout), MySqlOptions.Seconds(IdleLimit));
        var statement = wait + 1;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""
            SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE;
            SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', autocommit = 1, sql_select_limit = 18446744073709551615,
              innodb_lock_wait_timeout = {wait}, wait_timeout = {idle}, max_sort_length = {SortedBytes}
              /*M!100101 , max_statement_time = {statement} */ /*!50708 , max_execution_time = {statement * 1000} */;
            """);
    }
}
