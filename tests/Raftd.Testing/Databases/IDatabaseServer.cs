namespace Raftd.Testing.Databases;

/// <summary>A real server of a database, and what befalls one.</summary>
public interface IDatabaseServer : IDisposable
{
    /// <summary>How it has ended without being told to, with what it wrote last; null as long as it has not.</summary>
    string? OwnEnd { get; }

    /// <summary>Makes an empty database.</summary>
    /// <returns>Its URL, with all rights.</returns>
    string CreateDatabase();

    /// <param name="url">Of a database that it has made.</param>
    /// <param name="sql">Statements with semicolons between them.</param>
    /// <returns>Their rows, a line each.</returns>
    string Query(string url, string sql);

    /// <summary>Ends it with all its processes at once, as a loss of the machine would.</summary>
    void Kill();

    /// <summary>Starts it where it does not run, and waits until it takes connections.</summary>
    void Restart();

    /// <summary>Connections stay open and get no answers.</summary>
    void Pause();

    void Continue();

    /// <summary>Ends all connections to its databases but the one that asks for it, whatever they are doing.</summary>
    void BreakConnections();
}
