using Raftd.Cli.Settings;

namespace Raftd.Cli;

/// <summary><c>raftd help</c>: the flags, in the order of their table.</summary>
internal static class HelpCommand
{
    private const string Usage =
        """
        raftd, a strongly consistent replicated key-value store

          raftd [serve] [flags] <data-dir>   run a member that keeps its data in <data-dir>
          raftd cert [flags] [host ...]      make certificates to try TLS with; 'raftd cert -help' says how
          raftd snapshot save|status|restore make a backup, check it, make a cluster of it; 'raftd snapshot -help' says how
          raftd member list|remove|replace   who is in a cluster, and how one that is gone is replaced; 'raftd member -help' says how
          raftd bucket list|add|remove       the keyspaces of a database that fronts serve; 'raftd bucket -help' says how
          raftd recover DIR ...              make a cluster of what one without a quorum left; 'raftd recover -help' says how
          raftd export [PREFIX]              write keys and leases as lines of JSON; 'raftd export -help' says how
          raftd import FILE                  read them again, or those of Consul or etcd; 'raftd import -help' says how
          raftd -store URL [flags]           run a front over a database, without data of its own; 'raftd store -help' says how
          raftd store schema                 the tables of such a database, as statements of SQL
          raftd version                      print the version
          raftd help                         print this

        A first member, and one that joins it:

          raftd -id node01 -haddr 127.0.0.1:8001 -raddr 127.0.0.1:8101 ~/.raftd01
          raftd -id node02 -haddr 127.0.0.1:8002 -raddr 127.0.0.1:8102 -join 127.0.0.1:8001 ~/.raftd02

        Flags work with one dash and with two. A flag wins over its RAFTD_ variable (-haddr: RAFTD_HADDR), that over
        the file of -config, that over the default. Sizes: 4096, 64MiB, 8GiB. Durations: 500ms, 10s, 1m.

        """;

    public static ExitCode Run(TextWriter stdout)
    {
        stdout.WriteLine(Usage);
        foreach (var flag in Flags.Settings.Where(flag => !flag.IsPositional).Concat(Flags.Commands))
        {
            var head = $"  -{flag.Name} {flag.Placeholder}".TrimEnd();
            var standard = flag.Default.Length == 0 ? "" : $" (default {flag.Default})";
            var aliases = flag.Aliases.Count == 0 ? "" : $" (also {string.Join(", ", flag.Aliases.Select(alias => "--" + alias))})";
            stdout.WriteLine($"{head,-36} {flag.Help}{standard}{aliases}");
        }

        return ExitCode.Ok;
    }
}
