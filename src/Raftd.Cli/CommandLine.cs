using System.CommandLine;
using Raftd.Cli.Moving;
using Raftd.Cli.Settings;
using Raftd.Sql;

namespace Raftd.Cli;

/// <summary>
/// The words of the command line, split and named; <see cref="SettingSources"/> reads their values.
/// </summary>
/// <remarks>
/// System.CommandLine only splits the line here. Values stay text, so that a flag, a variable and a line of the
/// configuration file go through the same parser and give the same message. The verb is taken off first: the library
/// drops a first word whose file name is that of the root command, and `raftd /var/lib/raftd` must keep its directory.
/// </remarks>
internal sealed record CommandLine
{
    /// <summary>
    /// Verbs that are planned. Without this list `raftd status` would found a cluster in a directory called status.
    /// </summary>
    private static readonly string[] Reserved =
    [
        "get", "put", "del", "ls", "watch", "txn", "incr", "history", "lease", "lock", "elect",
        "status", "backup", "restore", "bench", "doctor", "shell", "completion", "dev", "start", "stop",
    ];

    public required Verb Verb { get; init; }

    /// <summary>The text of each flag that was given, as it was written.</summary>
    public IReadOnlyDictionary<Flag, string> Given { get; init; } = new Dictionary<Flag, string>();

    /// <summary>Set exactly when the verb is <see cref="Verb.Cert"/>.</summary>
    public CertOptions? Certificates { get; init; }

    /// <summary>Set exactly when the verb is <see cref="Verb.Snapshot"/>.</summary>
    public SnapshotOptions? Snapshot { get; init; }

    /// <summary>Set exactly when the verb is <see cref="Verb.Member"/>.</summary>
    public MemberOptions? Members { get; init; }

    /// <summary>Set exactly when the verb is <see cref="Verb.Bucket"/>.</summary>
    public BucketOptions? Buckets { get; init; }

    /// <summary>Set exactly when the verb is <see cref="Verb.Recover"/>.</summary>
    public RecoverOptions? Recovery { get; init; }

    /// <summary>Set exactly when the verb is <see cref="Verb.Export"/>.</summary>
    public ExportOptions? Export { get; init; }

    /// <summary>Set exactly when the verb is <see cref="Verb.Import"/>.</summary>
    public ImportOptions? Import { get; init; }

    /// <summary>Set exactly when the verb is <see cref="Verb.StoreSchema"/>.</summary>
    public SqlEngine? Schema { get; init; }

    /// <summary>Set exactly when the verb is <see cref="Verb.None"/>.</summary>
    public FatalError? Error { get; init; }

    /// <summary>
    /// Reads the words after the program's name. Never throws; a line that cannot be read has an error.
    /// </summary>
    public static CommandLine Parse(IReadOnlyList<string> words)
    {
        var first = words.Count > 0 ? words[0] : "";
        return first switch
        {
            "help" or "-h" or "-help" or "--help" => new CommandLine { Verb = Verb.Help },
            "version" or "-version" or "--version" => new CommandLine { Verb = Verb.Version },
            "cert" => CertLine.Parse([.. words.Skip(1)]),
            "snapshot" => SnapshotLine.Parse([.. words.Skip(1)]),
            "member" => MemberLine.Parse([.. words.Skip(1)]),
            "bucket" => BucketLine.Parse([.. words.Skip(1)]),
            "recover" => RecoverLine.Parse([.. words.Skip(1)]),
            "export" => ExportWords.Parse([.. words.Skip(1)]),
            "import" => ImportWords.Parse([.. words.Skip(1)]),
            "store" => StoreLine.Parse([.. words.Skip(1)]),
            "serve" => ParseServe(words.Skip(1)),
            _ when Array.IndexOf(Reserved, first) >= 0 => Wrong(
                $"'{first}' is not a command of this release", $"for a data directory of that name write ./{first}"),
            _ => ParseServe(words),
        };
    }

    private static CommandLine ParseServe(IEnumerable<string> words)
    {
        var serve = new Command("serve");
        var options = new Dictionary<Flag, Option>();
        foreach (var flag in Flags.Settings.Concat(Flags.Commands))
        {
            string[] others = ["-" + flag.Name, .. flag.Aliases.SelectMany(alias => new[] { "--" + alias, "-" + alias })];
            options[flag] = flag.IsSwitch
                ? new Option<bool>("--" + flag.Name, others)
                : new Option<string>("--" + flag.Name, others);
            serve.Options.Add(options[flag]);
        }

        var help = new Option<bool>("--help", "-help", "-h");
        serve.Options.Add(help);
        var positional = new Argument<string[]>("data-dir") { Arity = ArgumentArity.ZeroOrMore };
        serve.Arguments.Add(positional);
        var root = new Command("raftd") { serve };

        var parsed = root.Parse(["serve", .. words], AsWritten());
        if (parsed.GetResult(help) is not null && parsed.GetValue(help))
        {
            return new CommandLine { Verb = Verb.Help };
        }

        return Check(parsed, parsed.GetValue(positional) ?? []) ?? Collect(parsed, options, positional);
    }

    /// <summary>No bundling: -id is a flag and not -i -d. No response files: @ may begin a directory's name.</summary>
    internal static ParserConfiguration AsWritten() => new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    /// <summary>The first error of the line, or null.</summary>
    private static CommandLine? Check(ParseResult parsed, string[] positional)
    {
        // The library takes a word with dashes that it does not know for a positional one.
        if (positional.FirstOrDefault(word => word.StartsWith('-')) is { } unknown)
        {
            return Wrong($"unknown flag {unknown}", "'raftd help' lists the flags");
        }

        if (parsed.Errors.Count > 0)
        {
            return Wrong(parsed.Errors[0].Message.TrimEnd('.'), "'raftd help' shows how");
        }

        return positional.Length > 1
            ? Wrong($"expected one data directory, got {positional.Length}: {string.Join(", ", positional)}",
                "flags begin with a dash; 'raftd help' lists them")
            : null;
    }

    private static CommandLine Collect(
        ParseResult parsed, Dictionary<Flag, Option> options, Argument<string[]> positional)
    {
        var given = new Dictionary<Flag, string>();
        foreach (var (flag, option) in options)
        {
            if (parsed.GetResult(option) is { Implicit: false })
            {
                given[flag] = option is Option<bool> choice
                    ? (parsed.GetValue(choice) ? "true" : "false")
                    : parsed.GetValue((Option<string>)option) ?? "";
            }
        }

        if (parsed.GetValue(positional) is [var directory] && !given.TryAdd(Flags.DataDirectory, directory))
        {
            return Wrong(
                $"expected one data directory, got 2: {directory}, {given[Flags.DataDirectory]}",
                "give it as a plain word, or with --data-dir as etcd has it");
        }

        return new CommandLine { Verb = Verb.Serve, Given = given };
    }

    internal static CommandLine Wrong(string what, string toDo) =>
        new() { Verb = Verb.None, Error = new FatalError(ExitCode.Usage, what, toDo) };
}
