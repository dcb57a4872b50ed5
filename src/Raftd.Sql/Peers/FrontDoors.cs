using System.Collections.Concurrent;
using Raftd.Peers;

namespace Raftd.Sql.Peers;

/// <summary>The doors of the buckets that a front serves, behind its one address: each bucket is a cluster of its own to callers.</summary>
/// <param name="byDefault">Of the default bucket. It refuses, too, those who mean a bucket that is not served here.</param>
internal sealed class FrontDoors(FrontDoor byDefault)
{
    private readonly ConcurrentDictionary<ulong, FrontDoor> _doors = new();

    public void Add(ulong clusterId, FrontDoor door) => _doors[clusterId] = door;

    public void Remove(ulong clusterId) => _doors.TryRemove(clusterId, out _);

    public void Knock(PeerHandshake caller, string path, IIncomingStream stream) =>
        (_doors.TryGetValue(caller.ClusterId, out var door) ? door : byDefault).Knock(caller, path, stream);
}
