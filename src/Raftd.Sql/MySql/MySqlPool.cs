using System.Diagnostics;
using Raftd.Sql.Database;

namespace Raftd.Sql.MySql;

/// <summary>Connections to one server: so many at the most, and those that wait can all be thrown away. Any thread.</summary>
/// <param name="target">The server.</param>
/// <param name="options">Limits.</param>
/// <param name="settings">Statements that each connection begins with.</param>
internal sealed class MySqlPool(SqlTarget target, MySqlOptions options, string settings) : IDisposable
{
    /// <summary>Shorter than the server's patience with a connection: none is taken that it is about to close.</summary>
    private static readonly TimeSpan IdleLimit = MySqlDatabase.IdleLimit / 2;

    private readonly Lock _gate = new(); // guards _waiting, _generation and _isClosed
    private readonly SemaphoreSlim _free = new(options.MaxConnections);
    private readonly Stack<(MySqlLink Link, long Since)> _waiting = new();
    private int _generation;
    private bool _isClosed;

    /// <exception cref="DatabaseException">Away, Wrong.</exception>
    public Lease Take()
    {
        if (!_free.Wait(options.ConnectTimeout))
        {
            throw new DatabaseException(DatabaseFault.Away, $"{target}: all {options.MaxConnections} connections are in use");
        }

        try
        {
            return Waiting() ?? NewLease();
        }
        catch (MySqlFailure failure)
        {
            _free.Release();
            throw MySqlFaults.OfOpening(failure, target);
        }
    }

    /// <summary>Closes the connections that wait, and each other one when it is given back.</summary>
    /// <remarks>What has broken one has mostly broken all: the server was restarted, or another one took its address.</remarks>
    public void Discard()
    {
        (MySqlLink Link, long Since)[] waiting;
        lock (_gate)
        {
            _generation++;
            waiting = [.. _waiting];
            _waiting.Clear();
        }

        Array.ForEach(waiting, static item => item.Link.Dispose());
    }

    /// <summary>Connections that are in use are closed when they are given back.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
        }

        Discard();
    }

    /// <summary>The one that was used last, so that those at the bottom grow old.</summary>
    private Lease? Waiting()
    {
        var old = new List<MySqlLink>();
        Lease? found = null;
        lock (_gate)
        {
            while (found is null && _waiting.TryPop(out var top))
            {
                if (Stopwatch.GetElapsedTime(top.Since) < IdleLimit)
                {
                    found = new Lease(this, top.Link, _generation);
                }
                else
                {
                    old.Add(top.Link);
                }
            }
        }

        old.ForEach(static link => link.Dispose());
        return found;
    }

    private Lease NewLease()
    {
        int generation;
        lock (_gate)
        {
            generation = _generation;
        }

        var link = MySqlLink.Open(target, options.ConnectTimeout);
        try
        {
            link.Run(settings, options.ConnectTimeout, static _ => { });
            return new Lease(this, link, generation);
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    private void GiveBack(MySqlLink link, int generation, bool isClean)
    {
        var isKept = false;
        lock (_gate)
        {
            if (isClean && generation == _generation && !_isClosed)
            {
                _waiting.Push((link, Stopwatch.GetTimestamp()));
                isKept = true;
            }
        }

        if (!isKept)
        {
            link.Dispose();
        }

        _free.Release();
    }

    /// <summary>A connection in use. Given back once.</summary>
    internal sealed class Lease(MySqlPool pool, MySqlLink link, int generation)
    {
        public MySqlLink Link => link;

        /// <param name="isClean">No transaction is open on it, and nothing has failed.</param>
        public void GiveBack(bool isClean) => pool.GiveBack(link, generation, isClean);
    }
}
