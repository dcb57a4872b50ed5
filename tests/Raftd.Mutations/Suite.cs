namespace Raftd.Mutations;

/// <summary>A run of a suite that is to go red: a program under tests/ and its arguments.</summary>
/// <param name="Project">Its folder under tests/ and the name of its program.</param>
/// <param name="IsSimulation">It prints what its seeds broke; all others print what their tests broke.</param>
/// <param name="Arguments">To show that a mutation is seen; a simulation ends at its first failure.</param>
/// <param name="ControlArguments">To show that without a mutation nothing is seen.</param>
internal sealed record Suite(string Project, bool IsSimulation, string[] Arguments, string[] ControlArguments)
{
    /// <summary>Anything that may go wrong.</summary>
    public static Suite Simulator { get; } = Simulation();

    /// <summary>Leases while leaders change.</summary>
    public static Suite Leases { get; } = Simulation("--leases");

    /// <summary>Fronts over a database.</summary>
    public static Suite Fronts { get; } = Simulation("--fronts");

    public static Suite Raft { get; } = Tests("Raftd.Raft.Tests");

    public static Suite Wal { get; } = Tests("Raftd.Wal.Tests");

    public static Suite Store { get; } = Tests("Raftd.Store.Tests");

    public static Suite Node { get; } = Tests("Raftd.Node.Tests");

    /// <summary>The REST face over real sockets, before a store in memory.</summary>
    public static Suite Api { get; } = Tests("Raftd.Api.Tests");

    /// <summary>Without the scripts, which build and run the checkout and not the copy.</summary>
    public static Suite Cli { get; } = Tests("Raftd.Cli.Tests", "-class-", "*LauncherTests", "-class-", "*ClusterScriptTests");

    /// <summary>Members started on what a loss of power leaves.</summary>
    public static Suite PowerLoss { get; } = Tests("Raftd.PowerLoss.Tests");

    /// <summary>The engine over a database, and real servers of one; without the deletions of 300 000 keys, which take the longest.</summary>
    public static Suite Sql { get; } = Tests("Raftd.Sql.Tests", "-class-", "*LargeDeletionTests");

    /// <summary>Of these what is asked of PostgreSQL.</summary>
    public static Suite Postgres { get; } = Tests("Raftd.Sql.Tests", "-class", "*.Postgres.*", "-class-", "*LargeDeletionTests");

    /// <summary>And of MariaDB.</summary>
    public static Suite MySql { get; } = Tests("Raftd.Sql.Tests", "-class", "*.MySql.*", "-class-", "*LargeDeletionTests");

    private static Suite Simulation(params string[] kind) => new(
        "Raftd.Simulation", IsSimulation: true, [.. kind, "--first-failure", "--seeds", "0..199"], [.. kind, "--seeds", "0..2"]);

    /// <remarks>
    /// None begins behind the first failure; those that run then end, since one that is cut short leaves the processes that it
    /// started. Without the tests that mount a disk: two suites side by side would be in each other's way, and say nothing of
    /// the mutation. And without the sweep of a whole segment and the calls of the state that fail by strace: half a minute of
    /// a core and more, each time.
    /// </remarks>
    private static Suite Tests(string project, params string[] without)
    {
        string[] arguments =
            ["-noLogo", "-noColor", "-stopOnFail", "-class-", "*FullDiskTests", "-class-", "*SweepTests", "-class-", "*BadDiskTests", .. without];
        return new Suite(project, IsSimulation: false, arguments, arguments);
    }
}
