// The handshakes that are under way at a port.
//
// Each holds tens of kilobytes until it ends, and a client can begin as many as it likes and say nothing. So they are
// bounded in time and in number. Which one gives way when the number is reached? If the newest always did, a few hundred
// silent connections would keep everyone else out for the whole time limit. If the oldest always did, a thousand honest
// clients that come back at once would cut each other just before they are done. A handshake takes milliseconds: the
// oldest gives way once it is a second old, and until then the newest does.

using Microsoft.AspNetCore.Connections;

namespace Raftd.Tls;

internal sealed class Handshakes(int limit, TimeProvider time)
{
    private static readonly TimeSpan HonestTime = TimeSpan.FromSeconds(1);

    // Guards the list, which is ordered by age.
    private readonly Lock _gate = new();
    private readonly LinkedList<Handshake> _underWay = [];

    /// <summary>For tests.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _underWay.Count;
            }
        }
    }

    /// <returns>Null: the connection gives way, and is the caller's to end.</returns>
    /// <param name="connection">That may be cut later on.</param>
    /// <param name="isFull">A connection had to give way, this one or an older one.</param>
    public Handshake? TryBegin(ConnectionContext connection, out bool isFull)
    {
        var begun = new Handshake(this, connection, time.GetTimestamp());
        Handshake? cut = null;
        lock (_gate)
        {
            isFull = _underWay.Count >= limit;
            if (isFull)
            {
                cut = _underWay.First!.Value;
                if (time.GetElapsedTime(cut.Began) < HonestTime)
                {
                    return null;
                }

                _underWay.Remove(cut.Place);
            }

            _underWay.AddLast(begun.Place);
        }

        cut?.Connection.Abort(new ConnectionAbortedException("its TLS handshake took too long while others waited"));
        return begun;
    }

    /// <summary>One of them: kept with its connection. Ends once, however often it is told to.</summary>
    internal sealed class Handshake
    {
        private readonly Handshakes _all;

        public Handshake(Handshakes all, ConnectionContext connection, long began)
        {
            _all = all;
            Connection = connection;
            Began = began;
            Place = new LinkedListNode<Handshake>(this);
        }

        public ConnectionContext Connection { get; }

        public long Began { get; }

        public LinkedListNode<Handshake> Place { get; }

        public void End()
        {
            lock (_all._gate)
            {
                Place.List?.Remove(Place);
            }
        }
    }
}
