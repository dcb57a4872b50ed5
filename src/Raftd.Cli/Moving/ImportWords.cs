using System.CommandLine;

namespace Raftd.Cli.Moving;

/// <summary>The words behind <c>raftd import</c>.</summary>
internal sealed class ImportWords
{
    private const string ShowsHow = "'raftd import -help' shows how";

    private readonly Argument<string?> _file = new("file") { Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> _overwrite = CommandWords.Switch("overwrite");
    private readonly Option<string> _format = CommandWords.Named("format");
    private readonly Option<string> _fromEtcd = CommandWords.Named("from-etcd");
    private readonly Option<string> _prefix = CommandWords.Named("prefix");
    private readonly Option<string> _state = CommandWords.Named("state");
    private readonly Option<bool> _replace = CommandWords.Switch("replace");
    private readonly Option<bool> _follow = CommandWords.Switch("follow");
    private readonly Option<bool> _compareOnly = CommandWords.Switch("compare-only");
    private readonly Option<string> _user = CommandWords.Named("source-user");
    private readonly Option<string> _passwordFile = CommandWords.Named("source-password-file");
    private readonly EndpointFlags _endpoint = new(namesBucket: true);
    private readonly ServerFlags _sourceCertificates = new("source-");
    private readonly ParseResult _parsed;
    private readonly CommandLine? _ended;

    private ImportWords(IReadOnlyList<string> words)
    {
        var import = new Command("import")
        {
            _file, _overwrite, _format, _fromEtcd, _prefix, _state, _replace, _follow, _compareOnly, _user, _passwordFile,
        };
        _endpoint.AddTo(import);
        _sourceCertificates.AddTo(import);
        _parsed = CommandWords.Parse(import, words, Verb.ImportHelp, ShowsHow, out _ended);
    }

    /// <summary>Reads the words. Never throws; a line that cannot be read has an error.</summary>
    public static CommandLine Parse(IReadOnlyList<string> words)
    {
        var line = new ImportWords(words);
        return line._ended ?? line.Read();
    }

    private static CommandLine Asked(ImportOptions options) => new() { Verb = Verb.Import, Import = options };

    private static CommandLine Wrong(string what) => CommandLine.Wrong(what, ShowsHow);

    private bool Has(Option<bool> option) => _parsed.GetResult(option) is not null && _parsed.GetValue(option);

    private CommandLine Read()
    {
        var file = _parsed.GetValue(_file);
        if (file is ['-', _, ..])
        {
            return Wrong($"unknown flag {file}");
        }

        if (file is null == _parsed.GetValue(_fromEtcd) is null)
        {
            return Wrong("give either a file or --from-etcd");
        }

        var to = _endpoint.ReadAll(_parsed, out var problem);
        return problem ?? (file is null ? ReadEtcd(to) : ReadFile(to, file));
    }

    private CommandLine ReadFile(IReadOnlyList<MemberEndpoint> to, string file)
    {
        if (Foreign(_prefix, _state, _replace, _follow, _compareOnly, _user, _passwordFile) is { } foreign)
        {
            return Wrong($"{foreign} goes with --from-etcd");
        }

        ImportFormat? format = null;
        if (_parsed.GetValue(_format) is { } text)
        {
            if (text is not ("raftd" or "consul"))
            {
                return Wrong($"-format {text}: must be raftd or consul");
            }

            format = text == "consul" ? ImportFormat.Consul : ImportFormat.Raftd;
        }

        return Asked(new ImportOptions.File(to, file, format, Has(_overwrite)));
    }

    private CommandLine ReadEtcd(IReadOnlyList<MemberEndpoint> to)
    {
        if (Foreign(_overwrite, _format) is { } foreign)
        {
            return Wrong($"{foreign} goes with a file");
        }

        if (Has(_compareOnly) && Foreign(_follow, _replace, _state) is { } pointless)
        {
            return Wrong($"{pointless} says nothing beside -compare-only");
        }

        var from = _sourceCertificates.Read(_parsed, _parsed.GetValue(_fromEtcd)!, "--from-etcd", out var problem);
        var noLogin = ReadLogin(out var login);
        return problem ?? noLogin ?? Asked(new ImportOptions.Etcd(
            to,
            from,
            login,
            _parsed.GetValue(_prefix) ?? "",
            _parsed.GetValue(_state) ?? ImportOptions.Etcd.DefaultState,
            Has(_replace),
            Has(_follow),
            Has(_compareOnly)));
    }

    private CommandLine? ReadLogin(out Login? login)
    {
        login = null;
        var user = _parsed.GetValue(_user);
        var file = _parsed.GetValue(_passwordFile);
        if (user is null)
        {
            return file is null ? null : Wrong("-source-password-file needs -source-user");
        }

        try
        {
            var password = file is null
                ? Environment.GetEnvironmentVariable(ImportOptions.Etcd.PasswordVariable)
                : File.ReadAllText(file).TrimEnd('\r', '\n');
            if (password is null)
            {
                return Wrong($"-source-user {user} needs {ImportOptions.Etcd.PasswordVariable} or -source-password-file");
            }

            login = new Login(user, password);
            return null;
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
        {
            return CommandLine.Wrong($"-source-password-file {file}: {unusable.Message}", "name a file that this user may read");
        }
    }

    private string? Foreign(params Option[] options) =>
        options.FirstOrDefault(option => _parsed.GetResult(option) is { Implicit: false })?.Name[1..];
}
