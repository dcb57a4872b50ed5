namespace Raftd.Sql.MySql;

/// <summary>How long a database may take, and how much of it is used. Times are rounded up to whole seconds.</summary>
internal sealed record MySqlOptions
{
    /// <summary>For a new connection, and for one of the pool to become free.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For one statement: then the server gives up on it. A server that does not say so has 2 s more.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Open at the same time; the next one waits.</summary>
    public int MaxConnections { get; init; } = 16;

    /// <summary>A number of whole seconds, at least one.</summary>
    public static int Seconds(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time.TotalSeconds));
}
