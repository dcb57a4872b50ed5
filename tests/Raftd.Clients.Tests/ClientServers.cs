using Raftd.Cluster.Tests.Support;

namespace Raftd.Clients.Tests;

/// <summary>What the programs of one test class are run against; started once for all of them.</summary>
public abstract class ClientServers : IAsyncLifetime
{
    /// <summary>HOST:PORT of each server, with commas between.</summary>
    internal abstract string Endpoints { get; }

    /// <summary>What tells a program where the servers are, and with which certificate it reaches them: the variables of etcdctl.</summary>
    internal virtual (string Name, string Value)[] Variables => [("ETCDCTL_API", "3"), ("ETCDCTL_ENDPOINTS", Endpoints)];

    /// <summary>What the machine must have and does not, so that there are no such servers; null where there are.</summary>
    internal virtual string? Lacks => null;

    private protected Scene Scene { get; } = new();

    public async ValueTask InitializeAsync()
    {
        if (Lacks is not null)
        {
            return;
        }

        await Build.EnsureAsync();
        try
        {
            await StartAsync();
        }
        catch
        {
            Console.WriteLine(Scene.KeepLogs());
            throw;
        }
    }

    public virtual ValueTask DisposeAsync() => Scene.DisposeAsync();

    /// <summary>The ends of their logs, for the report of a failed test.</summary>
    internal string KeepLogs() => Scene.KeepLogs();

    /// <summary>kill -9; the leader is gone when this returns.</summary>
    internal abstract Task KillLeaderAsync();

    /// <summary>kill -9 of the leader and of as many others as make a majority.</summary>
    internal abstract Task KillMajorityAsync();

    /// <summary>All servers run and answer, those that were killed too.</summary>
    internal abstract Task ReadyAsync();

    private protected abstract Task StartAsync();
}
