// All that is about the package (MySqlConnector): what comes out of here is rows of System.Data.Common and MySqlFailure. Its pool is
// not used, because it cannot be emptied after a fault; its parameters neither, because each of them is looked for in the text, which
// has cost twice the time of a batch of 64 puts.

using System.Data.Common;
using System.Net.Sockets;
using System.Security.Authentication;
using MySqlConnector;

namespace Raftd.Sql.MySql;

/// <summary>One connection to a server. One thread at a time.</summary>
internal sealed class MySqlLink : IDisposable
{
    private const int UnableToConnect = (int)MySqlErrorCode.UnableToConnectToHost;

    // The package has no other sign of them.
    private static readonly string[] RefusalsForGood = ["does not support SSL", "Authentication method", "CA certificate"];

    private readonly MySqlConnection _connection;

    private MySqlLink(MySqlConnection connection) => _connection = connection;

    /// <param name="target">The server.</param>
    /// <param name="limit">For the connection, and again for its greeting.</param>
    /// <exception cref="MySqlFailure">There is no connection.</exception>
    public static MySqlLink Open(SqlTarget target, TimeSpan limit)
    {
        var connection = new MySqlConnection(ConnectionString(target, limit));
        try
        {
            connection.Open();
            return new MySqlLink(connection);
        }
        catch (Exception failure) when (IsOne(failure))
        {
            connection.Dispose();
            throw FailureOf(failure);
        }
    }

    /// <summary>Runs statements, which travel as one packet, and shows each result that has columns.</summary>
    /// <param name="statements">The first that fails is the last.</param>
    /// <param name="limit">For an answer, and for the packet to be taken.</param>
    /// <param name="onResult">Stands before the first row.</param>
    /// <exception cref="MySqlFailure">By the server's word, the connection can be used on; without one it is closed.</exception>
    public void Run(string statements, TimeSpan limit, Action<DbDataReader> onResult)
    {
        using var command = new MySqlCommand(statements, _connection) { CommandTimeout = MySqlOptions.Seconds(limit) };
        using var guard = new SendGuard(_connection, 2 * limit);
        try
        {
            using var reader = command.ExecuteReader();
            guard.End();
            do
            {
                if (reader.FieldCount > 0)
                {
                    onResult(reader);
                }
            }
            while (reader.NextResult());
        }
        catch (Exception failure) when (guard.HasClosed)
        {
            throw new MySqlFailure(null, $"what was sent was not taken within {2 * limit.TotalSeconds:0} s", isForGood: false, failure);
        }
        catch (Exception failure) when (IsOne(failure))
        {
            throw FailureOf(failure);
        }
    }

    public void Dispose() => _connection.Dispose();

    private static string ConnectionString(SqlTarget target, TimeSpan limit) => new MySqlConnectionStringBuilder
    {
        Server = target.Host,
        Port = (uint)target.Port,
        ConnectionProtocol = target.IsSocket ? MySqlConnectionProtocol.UnixSocket : MySqlConnectionProtocol.Sockets,
        Database = target.Database,
        UserID = target.User,
        Password = target.Password ?? "",
        SslMode = target.IsSocket ? MySqlSslMode.None : ModeOf(target.Encryption),
        SslCa = target.RootCertificatePath ?? "",
        ApplicationName = "raftd",
        ConnectionTimeout = (uint)MySqlOptions.Seconds(limit),

        // A call without an answer ends its connection at once: the server has ended the statement by itself, or is not there.
        CancellationTimeout = -1,
        Pooling = false,
        AutoEnlist = false,
        UseAffectedRows = false,
    }.ConnectionString;

    private static MySqlSslMode ModeOf(SqlEncryption encryption) => encryption switch
    {
        SqlEncryption.Disable => MySqlSslMode.None,
        SqlEncryption.Require => MySqlSslMode.Required,
        SqlEncryption.VerifyFull => MySqlSslMode.VerifyFull,
        _ => MySqlSslMode.Preferred,
    };

    private static bool IsOne(Exception failure) =>
        failure is DbException or IOException or SocketException or TimeoutException or AuthenticationException or InvalidOperationException;

    private static MySqlFailure FailureOf(Exception failure) => failure is MySqlException { Number: > 0 and not UnableToConnect } answer
        ? new MySqlFailure(answer.Number, answer.Message, isForGood: false, failure)
        : new MySqlFailure(null, failure.GetBaseException().Message, IsForGood(failure), failure);

    /// <summary>A certificate that is not believed, or not there; a server without encryption; a password that would travel in clear text.</summary>
    private static bool IsForGood(Exception failure) =>
        failure.GetBaseException() is AuthenticationException
        || RefusalsForGood.Any(known => failure.Message.Contains(known, StringComparison.OrdinalIgnoreCase));

    /// <summary>Closes a connection whose packet is not taken: the package waits for room in the socket without a limit, and a server that
    /// stands still, or has vanished, makes none.</summary>
    private sealed class SendGuard : IDisposable
    {
        private const int Armed = 0;
        private const int Ended = 1;
        private const int Closed = 2;

        private readonly MySqlConnection _connection;
        private readonly Timer _timer;
        private readonly Lock _closing = new(); // held while the timer closes, so that no other thread closes with it
        private int _state;

        public SendGuard(MySqlConnection connection, TimeSpan limit)
        {
            _connection = connection;
            _timer = new Timer(static guard => ((SendGuard)guard!).Close(), this, limit, Timeout.InfiniteTimeSpan);
        }

        public bool HasClosed => Volatile.Read(ref _state) == Closed;

        /// <exception cref="TimeoutException">Too late: the connection is closed.</exception>
        public void End()
        {
            if (Interlocked.CompareExchange(ref _state, Ended, Armed) == Closed)
            {
                throw new TimeoutException();
            }
        }

        public void Dispose()
        {
            _timer.Dispose();
            lock (_closing)
            {
                // What the timer has begun is done: the caller may dispose the connection, too.
                Interlocked.CompareExchange(ref _state, Ended, Armed);
            }
        }

        private void Close()
        {
            lock (_closing)
            {
                if (Interlocked.CompareExchange(ref _state, Closed, Armed) != Armed)
                {
                    return;
                }

                try
                {
                    _connection.Dispose();
                }
                catch (Exception failure) when (failure is NullReferenceException || IsOne(failure))
                {
                    // The package does not expect to be called by two threads; the socket is closed first, which is all that is wanted.
                }
            }
        }
    }
}
