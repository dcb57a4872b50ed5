using Raftd.Sql;

namespace Raftd.Cli.Settings;

/// <summary>The database of a front.</summary>
/// <param name="Target">With its password, unless that is in the file; null where the URL cannot be used, which is a problem.</param>
/// <param name="PasswordFile">As it was named; read at the start.</param>
/// <param name="HasPeerAddress">It listens for other fronts: its default would be an address that no other machine reaches, and that a
/// second front on this one could not have.</param>
internal sealed record StoreSettings(SqlTarget? Target, string? PasswordFile, bool HasPeerAddress)
{
    /// <summary>What a URL looks like without its password; null where that cannot be said for sure.</summary>
    public static string? WithoutPassword(string url)
    {
        if (!SqlTarget.TryParse(url, out var target, out _))
        {
            return null;
        }

        if (!target.HasPassword)
        {
            return url;
        }

        var user = url.IndexOf("://", StringComparison.Ordinal) + "://".Length;
        var password = url.IndexOf(':', user);
        var host = url.LastIndexOf('@', url.IndexOf('/', user));
        return url.Remove(password, host - password);
    }

    /// <summary>Null where no database is named. Adds its errors to <paramref name="problems"/>, none of them with a password.</summary>
    public static StoreSettings? Read(SettingSources sources, List<string> problems)
    {
        var (url, file, password) = (sources[Flags.Store], sources[Flags.StorePasswordFile], sources[Flags.StorePassword]);
        if (url.Text.Length == 0)
        {
            problems.AddRange(new[] { Flags.StorePasswordFile, Flags.StorePassword }
                .Where(flag => sources[flag].Text.Length > 0)
                .Select(flag => $"{flag.Label}{sources[flag].Place}: needs {Flags.Store.Label} beside it"));
            return null;
        }

        if (OfMembersAlone(sources) is { Length: > 0 } given)
        {
            problems.Add($"{Flags.Store.Label}: makes this process a front without data of its own; leave out what is for members alone: {given}");
        }

        if (password is { Text.Length: > 0, Origin: SettingSources.FromFlag })
        {
            problems.Add($"{Flags.StorePassword.Label}: {Seen}");
        }

        if (!SqlTarget.TryParse(url.Text, out var target, out var problem))
        {
            problems.Add($"{Flags.Store.Label}{url.Place}: {problem}");
            return new StoreSettings(null, null, HasPeerAddress: false);
        }

        if (target.HasPassword && url.Origin == SettingSources.FromFlag)
        {
            problems.Add($"{Flags.Store.Label} {target}: {Seen}");
        }

        bool[] passwords = [target.HasPassword, file.Text.Length > 0, password.Text.Length > 0];
        if (passwords.Count(static isGiven => isGiven) > 1)
        {
            problems.Add($"{Flags.Store.Label}: has more than one password; give it in one place: {Places}");
        }

        return new StoreSettings(
            password.Text.Length > 0 ? target.WithPassword(password.Text) : target, file.Text.Length > 0 ? file.Text : null,
            new[] { Flags.RaftAddress, Flags.AdvertiseRaft }.Any(flag => IsGiven(sources[flag])));
    }

    private static string Places =>
        $"the file of {Flags.StorePasswordFile.Label}, {Flags.StorePassword.Variable}, or the URL in {Flags.Store.Variable} or in the file of {Flags.Config.Label}";

    private static string Seen => $"'ps' shows a password of the command line to every user of this machine; give it in {Places}";

    private static string OfMembersAlone(SettingSources sources) => string.Join(
        ", ",
        Flags.OfMembersAlone
            .Where(flag => IsGiven(sources[flag]))
            .Select(flag => flag.Label + sources[flag].Place));

    private static bool IsGiven(SettingValue value) => value is { Text.Length: > 0, Origin: not SettingSources.FromDefault };
}
