using Raftd.Testing.Databases;

namespace Raftd.Cluster.Tests.Chaos.Ills;

internal enum DatabaseIll
{
    /// <summary>kill -9 of all its processes; then it starts anew on what is on its disk.</summary>
    Killed,

    /// <summary>It ends every connection, in whatever it is doing.</summary>
    Disconnected,

    /// <summary>SIGSTOP for longer than it takes until a silent leader is replaced: connections stay open, and nothing is answered.</summary>
    Paused,
}

/// <summary>The database of the fronts fails for a while.</summary>
internal sealed class StruckDatabase(IDatabaseServer server, DatabaseIll ill) : Ill
{
    public override async Task StrikeAsync(Havoc havoc)
    {
        switch (ill)
        {
            case DatabaseIll.Killed:
                server.Kill();
                havoc.Kills++;
                await Task.Delay(havoc.Random.Next(1000));
                server.Restart();
                break;
            case DatabaseIll.Disconnected:
                server.BreakConnections();
                break;
            default:
                server.Pause();
                await Task.Delay(1000 + havoc.Random.Next(3000));
                server.Continue();
                break;
        }

        await havoc.Cluster.ReadyAsync();
    }
}
