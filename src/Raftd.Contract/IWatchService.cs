namespace Raftd.Contract;

/// <summary>Watching the keyspace, on any member, from what it has applied itself.</summary>
public interface IWatchService
{
    /// <summary>Begins a session: one per stream of a client. Disposed by the caller, which ends its watches.</summary>
    IWatchSession OpenWatches(Caller caller);
}

/// <summary>The watches of one stream. Any thread may create, cancel and ask; one reads.</summary>
public interface IWatchSession : IDisposable
{
    /// <summary>Begins a watch. Read brings its Created message, before anything else of it, or why there is none.</summary>
    void Create(WatchRequest request);

    /// <summary>Ends a watch. Read brings its Canceled message, and nothing of it after that; a number that no watch has is
    /// not answered.</summary>
    void Cancel(long id);

    /// <summary>Asks for one Progress message for the whole session. It comes if there are watches and all of them have
    /// brought everything.</summary>
    void RequestProgress();

    /// <summary>The next message. What is not read yet is bounded in bytes: a watch whose reader is slow falls behind, and
    /// goes on from the store's history.</summary>
    /// <exception cref="StoreException">NotReady: this member stops, or may not answer any more.</exception>
    ValueTask<WatchMessage> ReadAsync(CancellationToken cancellationToken);
}
