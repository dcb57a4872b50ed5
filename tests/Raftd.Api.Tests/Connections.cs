namespace Raftd.Api.Tests;

/// <summary>Several connections to one host.</summary>
internal sealed class Connections(IApiHost host, int count) : IDisposable
{
    private readonly RawHttp[] _connections = [.. Enumerable.Range(0, count).Select(_ => RawHttp.Connect(host))];

    public RawHttp this[int i] => _connections[i];

    public void Each(Action<RawHttp> use) => Array.ForEach(_connections, use);

    public void Dispose() => Each(connection => connection.Dispose());
}
