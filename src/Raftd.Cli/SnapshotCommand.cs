// raftd snapshot: backups of a cluster, and clusters made of backups.
//
// A backup that is saved gets its name last: what comes is written beside it, synced, read back and checked. So the file of
// that name is always a whole backup, the one of before or the new one, and a backup that cannot be restored is found on the
// day that it is made.

using System.Globalization;
using Raftd.Node;
using Raftd.Node.Restoring;
using Raftd.Store.Snapshots;
using Raftd.Wal;

namespace Raftd.Cli;

internal static class SnapshotCommand
{
    private const int BufferBytes = 1 << 20;
    private const string PartSuffix = ".part";

    // The member copies its state before it answers, at its disk's speed.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromMinutes(1);

    public static ExitCode Help(TextWriter stdout)
    {
        stdout.WriteLine(
            $"""
            raftd snapshot save FILE [-endpoint URL] [-cacert FILE] [-cert FILE -key FILE]
            raftd snapshot status FILE
            raftd snapshot restore FILE DATA-DIR [-id NAME] [-bump-revision N]

            save      fetches the state of a member, while writes go on, and checks it before FILE gets its name
                        -endpoint URL    {MemberEndpoint.Variable}, or {MemberEndpoint.Default}, if not given
                        -cacert FILE     the CA of a member with TLS; -cert and -key where it asks for a certificate
            status    checks a backup, and says what it holds
            restore   makes DATA-DIR, which must be missing or empty, the first member of a new cluster with that state
                        -id NAME           what the member will be started with as -id; this machine's name if not given
                        -bump-revision N   begin N revisions later, with the history before them compacted, so that clients
                                           which saw writes after the backup notice. N: more than were written since

            Start the restored member as any other, and join the others to it with empty directories.
            """);
        return ExitCode.Ok;
    }

    public static async Task<ExitCode> RunAsync(SnapshotOptions options, TextWriter stdout, TextWriter stderr)
    {
        try
        {
            switch (options)
            {
                case SnapshotOptions.Save save:
                    await SaveAsync(save, stdout);
                    break;
                case SnapshotOptions.Restore restore:
                    Restore(restore, stdout);
                    break;
                default:
                    Print(Check(options.File), stdout);
                    break;
            }

            return ExitCode.Ok;
        }
        catch (FatalException refused)
        {
            return ProcessEnd.Report(stderr, refused.Error);
        }
        catch (FatalStopException stop)
        {
            return ProcessEnd.Report(stderr, Fatal.Of(stop));
        }
        catch (BackupException damaged)
        {
            return Failed(stderr, $"{options.File} is no backup that can be used: {damaged.Message}", "nothing was changed; use another backup");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Failed(stderr, failure.Message, "check the path and its rights, and the room on its disk");
        }
    }

    private static async Task SaveAsync(SnapshotOptions.Save options, TextWriter stdout)
    {
        var part = options.File + PartSuffix;
        try
        {
            await FetchAsync(options.From, part);
            var summary = Check(part);
            var files = new PosixFileSystem();
            files.Rename(part, options.File);
            files.SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(options.File))!);
            stdout.WriteLine($"saved {options.File}");
            Print(summary, stdout);
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static async Task FetchAsync(MemberEndpoint from, string part)
    {
        using var client = from.Connect();
        try
        {
            using var answered = new CancellationTokenSource(AnswerLimit);
            using var answer = await client.GetAsync("/snapshot", HttpCompletionOption.ResponseHeadersRead, answered.Token);
            if (!answer.IsSuccessStatusCode)
            {
                throw from.Refusal(await answer.Content.ReadAsByteArrayAsync(answered.Token), (int)answer.StatusCode);
            }

            await using var content = await answer.Content.ReadAsStreamAsync(answered.Token);
            await using var file = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None);
            await CopyAsync(content, file);
            file.Flush(flushToDisk: true);
        }
        catch (Exception failure) when (failure is HttpRequestException or HttpIOException or OperationCanceledException)
        {
            throw new FatalException(new FatalError(
                ExitCode.StartFailed,
                $"{from.Url} sent no whole backup: {(failure is OperationCanceledException ? "it fell silent" : failure.Message)}",
                "check -endpoint, or ask another member"));
        }
    }

    private static async Task CopyAsync(Stream content, FileStream file)
    {
        var buffer = new byte[BufferBytes];
        while (true)
        {
            using var silence = new CancellationTokenSource(SilenceLimit);
            var read = await content.ReadAsync(buffer, silence.Token);
            if (read == 0)
            {
                return;
            }

            await file.WriteAsync(buffer.AsMemory(0, read), CancellationToken.None);
        }
    }

    private static void Restore(SnapshotOptions.Restore options, TextWriter stdout)
    {
        using var file = File.OpenRead(options.File);
        using var backup = new BackupReader(file);
        var made = RestoredMember.Make(backup, new RestoreOptions
        {
            DataDirectory = options.DataDirectory,
            Label = options.Label,
            RaiseRevisionBy = options.RaiseRevisionBy,
        });
        stdout.WriteLine($"restored {options.File} into {options.DataDirectory}, the first member of the new cluster {made.ClusterId:x16}");
        Print(made.Backup, stdout);
        stdout.WriteLine($"start it:  raftd -id {options.Label} -haddr HOST:PORT -raddr HOST:PORT {options.DataDirectory}");
        stdout.WriteLine("the others join it with empty directories:  raftd -id NAME -haddr HOST:PORT -raddr HOST:PORT -join HOST:PORT DIR");
    }

    private static BackupSummary Check(string path)
    {
        using var file = File.OpenRead(path);
        using var backup = new BackupReader(file);
        return backup.ReadToEnd();
    }

    private static void Print(BackupSummary summary, TextWriter stdout)
    {
        var meta = summary.Meta;
        (string Name, string Value)[] lines =
        [
            ("revision", Number(meta.StoreRevision)),
            ("key versions", Number(summary.KeyVersions)),
            ("leases", Number(summary.Leases)),
            ("cluster", $"{meta.ClusterId:x16}"),
            ("log index, term", $"{meta.Index}, {meta.Term}"),
            ("feature level", Number((ulong)meta.FeatureLevel)),
            ("bytes", Number((ulong)summary.Bytes)),
            ("sha-256", summary.Digest),
        ];
        foreach (var (name, value) in lines)
        {
            stdout.WriteLine($"  {name + ":",-17}{value}");
        }
    }

    private static string Number(ulong number) => number.ToString(CultureInfo.InvariantCulture);

    private static ExitCode Failed(TextWriter stderr, string what, string toDo) =>
        ProcessEnd.Report(stderr, new FatalError(ExitCode.StartFailed, what, toDo));
}
