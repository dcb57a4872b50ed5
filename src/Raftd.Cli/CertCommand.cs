// raftd cert: certificates to try TLS with.
//
// A folder is one CA and what it has signed. The first run in it makes the CA, each run makes one certificate with its
// key: for a member, which serves with it and calls other members with it, or for a client. A cluster has two such folders,
// because the peers trust a CA of their own.
//
// All is refused before anything is written if a file is there already. Keys are written for their owner alone, each
// before its certificate: a certificate without its key is of no use, the other way round is a mere leftover.

using System.Globalization;
using System.Security.Cryptography;
using Raftd.Cli.Settings;
using Raftd.Tls.Making;

namespace Raftd.Cli;

internal static class CertCommand
{
    private const UnixFileMode ForOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode ForAll = ForOwner | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const string AuthorityName = "ca";

    public static ExitCode Help(TextWriter stdout)
    {
        stdout.WriteLine(
            $"""
            raftd cert [-out DIR] [-name NAME] [-days N] [host ...]

            Makes NAME.crt and NAME.key in DIR, signed by the CA in DIR; makes that too (ca.crt, ca.key) if there is none.
            The certificate is for the hosts: names and addresses that members or clients call it by. Without any they are
            localhost, 127.0.0.1, ::1 and this machine's names. It serves for members and for clients alike.

              -out DIR      {CertOptions.DefaultFolder} if not given
              -name NAME    {CertOptions.DefaultName} if not given
              -days N       how long it is valid, {CertOptions.DefaultDays} if not given; the CA is valid {CertificateAuthority.Lifetime.TotalDays} days

            These are for a first try. Nothing here renews or revokes a certificate.
            """);
        return ExitCode.Ok;
    }

    public static ExitCode Run(CertOptions options, TimeProvider time, TextWriter stdout, TextWriter stderr)
    {
        try
        {
            return Make(options, time.GetUtcNow(), stdout);
        }
        catch (FatalException refused)
        {
            return ProcessEnd.Report(stderr, refused.Error);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return ProcessEnd.Report(stderr, new FatalError(
                ExitCode.StartFailed, failure.Message, "name a folder that this user may write to with -out"));
        }
    }

    private static ExitCode Make(CertOptions options, DateTimeOffset now, TextWriter stdout)
    {
        var own = new PairPaths(options.Folder, options.Name);
        RequireNone(own);
        var authorityPaths = new PairPaths(options.Folder, AuthorityName);
        var authority = TryLoad(authorityPaths);
        var isNew = authority is null;
        authority ??= CertificateAuthority.Create(now);
        IReadOnlyList<string> hosts = options.Hosts.Count > 0 ? options.Hosts : HostsOfThisMachine();
        var until = now.AddDays(options.Days);
        var issued = authority.Issue(options.Name, hosts, now, until);

        Directory.CreateDirectory(options.Folder);
        stdout.WriteLine(isNew ? "Made:" : $"Made, signed by the CA in {authorityPaths.Certificate}:");
        if (isNew)
        {
            Write(authorityPaths, authority.Files);
            stdout.WriteLine($"  {authorityPaths.Certificate}: the CA, valid until {Day(authority.ValidUntil)}; whoever connects needs it");
            stdout.WriteLine($"  {authorityPaths.Key}: its key, which signs more certificates; no server needs it");
        }

        Write(own, issued);
        var end = until.UtcDateTime < authority.ValidUntil ? until.UtcDateTime : authority.ValidUntil;
        stdout.WriteLine($"  {own.Certificate}: for {string.Join(", ", hosts)}; valid until {Day(end)}");
        stdout.WriteLine($"  {own.Key}: its key");
        PrintUse(own, authorityPaths, stdout);
        return ExitCode.Ok;
    }

    private static void PrintUse(PairPaths own, PairPaths authority, TextWriter stdout) => stdout.WriteLine(
        $"""

        A member that serves clients with it, and asks them for a certificate of this CA:
          raftd -cert {own.Certificate} -key {own.Key} -client-ca {authority.Certificate} ...
        A member that speaks with its peers with it (from a folder, and so a CA, for peers alone):
          raftd -peer-cert {own.Certificate} -peer-key {own.Key} -peer-ca {authority.Certificate} ...
        A client:
          curl --cacert {authority.Certificate} --cert {own.Certificate} --key {own.Key} https://localhost:7200/status
        """);

    private static void RequireNone(PairPaths paths)
    {
        foreach (var path in (string[])[paths.Key, paths.Certificate])
        {
            if (Path.Exists(path))
            {
                throw Refusal($"{path} is there already, and nothing was overwritten", "choose another -name or -out, or move the file away");
            }
        }
    }

    /// <returns>Null where there is none.</returns>
    private static CertificateAuthority? TryLoad(PairPaths paths)
    {
        if (!Path.Exists(paths.Certificate) && !Path.Exists(paths.Key))
        {
            return null;
        }

        try
        {
            return CertificateAuthority.Load(new PemPair(File.ReadAllText(paths.Certificate), File.ReadAllText(paths.Key)));
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw Refusal(
                $"{paths.Certificate} and {paths.Key} are no CA that can sign ({unusable.Message})", "choose another folder with -out");
        }
    }

    private static FatalException Refusal(string what, string toDo) => new(new FatalError(ExitCode.Usage, what, toDo));

    private static IReadOnlyList<string> HostsOfThisMachine() =>
    [
        .. new[] { "localhost", "127.0.0.1", "::1" }
            .Concat(MachineNames.OfThisMachine().Where(IsFullName))
            .Distinct(StringComparer.OrdinalIgnoreCase),
    ];

    /// <summary>A machine without a domain has a name that ends in a dot.</summary>
    private static bool IsFullName(string name) => Uri.CheckHostName(name) == UriHostNameType.Dns && !name.EndsWith('.');

    private static void Write(PairPaths paths, PemPair pair)
    {
        WriteNew(paths.Key, pair.Key, ForOwner);
        WriteNew(paths.Certificate, pair.Certificate, ForAll);
    }

    private static void WriteNew(string path, string text, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) // for the analyzer: raftd runs on Linux
        {
            options.UnixCreateMode = mode;
        }

        using var writer = new StreamWriter(path, options);
        writer.Write(text);
    }

    private static string Day(DateTime time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private readonly record struct PairPaths(string Folder, string Name)
    {
        public string Certificate => Path.Combine(Folder, Name + ".crt");

        public string Key => Path.Combine(Folder, Name + ".key");
    }
}
