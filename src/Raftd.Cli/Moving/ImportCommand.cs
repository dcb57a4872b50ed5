// raftd import: keys and leases into a cluster, from a file or from a running etcd.

using Raftd.Cli.Moving.Etcd;

namespace Raftd.Cli.Moving;

internal static class ImportCommand
{
    public static ExitCode Help(TextWriter stdout)
    {
        stdout.WriteLine(
            $"""
            raftd import FILE|- [-overwrite] [-format raftd|consul]
            raftd import --from-etcd URL[,URL] [-prefix PREFIX] [-follow] [-replace] [-compare-only] [-state FILE]

            From a file: what 'raftd export' or 'consul kv export' has written. It is read whole and checked before anything
            is written; standard input is taken as it comes. A key that is there with another value ends the import. After
            any end the same command can be given again: what is there already is passed over.
              -overwrite       keys that are there with other values are replaced
              -format FORMAT   raftd or consul; its first byte says it, if not given

            From a running etcd: all keys of one revision, then their leases with the time that they have left, then both
            sides are compared. The target must have no keys. After any end the same command goes on where it was.
              -prefix PREFIX   only keys that begin with it
              -follow          then apply what changes at the source, until SIGINT (Ctrl-C) asks for the switch; leases count
                               from then on
              -replace         make the target equal to the source: keys that the source does not have are deleted
              -compare-only    write nothing, and say what differs
              -state FILE      where it is kept how far it has come; {ImportOptions.Etcd.DefaultState} if not given
              -source-cacert FILE, -source-cert FILE, -source-key FILE        where the source speaks TLS
              -source-user NAME, with {ImportOptions.Etcd.PasswordVariable} or -source-password-file FILE  where it asks for a user

            The target:
              -bucket NAME          of the target: {EndpointFlags.BucketVariable}, or the bucket default, if not given
              -endpoint URL[,URL]   {MemberEndpoint.Variable}, or {MemberEndpoint.Default}, if not given; several are members of one cluster
              -cacert FILE          the CA of a member with TLS; -cert FILE and -key FILE where it asks for a certificate
            """);
        return ExitCode.Ok;
    }

    public static Task<ExitCode> RunAsync(ImportOptions options, Stream input, TextWriter stderr) =>
        MoveEnd.OfAsync(
            stderr,
            async () =>
            {
                using var target = new Remote("the target", options.To);
                var progress = new Progress(stderr, TimeProvider.System);
                if (options is ImportOptions.Etcd etcd)
                {
                    await RunAsync(etcd, target, progress);
                    return;
                }

                await using var import = new FileImport((ImportOptions.File)options, target, input, progress);
                await import.RunAsync(CancellationToken.None);
            });

    private static async Task RunAsync(ImportOptions.Etcd options, Remote target, Progress progress)
    {
        using var source = new Remote("the source", options.From, options.Login);
        if (!options.Follow)
        {
            await new EtcdImport(options, source, target, progress).RunAsync(CancellationToken.None);
            return;
        }

        using var signals = new StopSignals(signal =>
            progress.Say($"{signal}: switches once all is here that the source has now; another signal ends the import at once"));
        await new EtcdImport(options, source, target, progress).RunAsync(signals.Token);
    }
}
