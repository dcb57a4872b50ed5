// raftd recover: what the directories of a cluster without a quorum hold, and a new cluster made of the one that holds most.

using System.Globalization;
using Raftd.Node;
using Raftd.Node.Restoring;

namespace Raftd.Cli;

internal static class RecoverCommand
{
    public static ExitCode Help(TextWriter stdout)
    {
        stdout.WriteLine(
            """
            raftd recover DIR [DIR ...]
            raftd recover DIR [DIR ...] -to NEW-DIR [-id NAME] [-bump-revision N] [-accept-loss]

            For a cluster that has lost more than half of its voters for good. Stop what still runs of it first. Each DIR is the
            data directory of a stopped member; name all that are left, on one machine. They are only read.

            Without -to it says what each holds, which is highest, and what may be lost. With -to it makes NEW-DIR, which must be
            missing or empty, the first member of a new cluster: the state of the highest with its whole log applied.

              -id NAME           what the member will be started with as -id; this machine's name if not given
              -bump-revision N   begin N revisions later, with the history before them compacted, so that clients which saw
                                 writes that are lost notice. N: more than may be lost
              -accept-loss       go on where writes that were acknowledged may be lost: without the directories of a majority of
                                 the voters, with a damaged log, or with a lower directory because the highest cannot be used
            """);
        return ExitCode.Ok;
    }

    public static ExitCode Run(RecoverOptions options, TextWriter stdout, TextWriter stderr)
    {
        try
        {
            using var recovery = Recovery.Open(options.Directories);
            foreach (var directory in recovery.Directories)
            {
                Print(directory, stdout);
            }

            Print(recovery.Plan, stdout);
            if (options.Target is { } target)
            {
                Make(recovery, target, options, stdout);
            }
            else
            {
                PrintNext(recovery.Plan, options, stdout);
            }

            return ExitCode.Ok;
        }
        catch (FatalStopException stop)
        {
            return ProcessEnd.Report(stderr, Fatal.Of(stop));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return ProcessEnd.Report(
                stderr, new FatalError(ExitCode.StartFailed, failure.Message, "check the path and its rights, and the room on its disk"));
        }
    }

    private static void Make(Recovery recovery, string target, RecoverOptions options, TextWriter stdout)
    {
        var made = recovery.Make(new RecoveryOptions
        {
            DataDirectory = target,
            Label = options.Label,
            RaiseRevisionBy = options.RaiseRevisionBy,
            AcceptLoss = options.AcceptLoss,
        });
        stdout.WriteLine($"made {target}, the first member of the new cluster {made.ClusterId:x16}, at revision {Number((ulong)made.Revision)}");
        stdout.WriteLine($"start it:  raftd -id {options.Label} -haddr HOST:PORT -raddr HOST:PORT {target}");
        stdout.WriteLine("the others join it with empty directories:  raftd -id NAME -haddr HOST:PORT -raddr HOST:PORT -join HOST:PORT DIR");
    }

    private static void Print(DirectoryReport directory, TextWriter stdout)
    {
        stdout.WriteLine(directory.Directory);
        (string Name, string? Value)[] lines =
        [
            ("member", $"{directory.Label}, {Number(directory.MemberId)}"),
            ("cluster", $"{directory.ClusterId:x16}"),
            ("last entry", RecoveryPlan.Describe(directory.Last)),
            ("state", $"{RecoveryPlan.Describe(directory.Applied)}, revision {Number((ulong)directory.Revision)}"),
            ("known committed", $"index {Number(directory.Commit)}"),
            ("members", NamesOf(directory.Members)),
            ("log", directory.LogDamage is { } log ? $"DAMAGED: {log}" : directory.IsRecovering ? "its end was torn" : "whole"),
            ("damaged state", directory.StateDamage),
            ("fenced", directory.FencedBecause),
        ];
        foreach (var (name, value) in lines.Where(static line => line.Value is not null))
        {
            stdout.WriteLine($"  {name + ":",-17}{value}");
        }
    }

    private static void Print(RecoveryPlan plan, TextWriter stdout)
    {
        stdout.WriteLine();
        stdout.WriteLine($"highest that can be used: {plan.Source.Directory}, {RecoveryPlan.Describe(plan.Source.Last)}");
        if (plan.Losses.Count == 0)
        {
            stdout.WriteLine(
                $"nothing that was acknowledged is lost: of the voters {string.Join(", ", plan.Voters)} "
                + $"a majority is here ({string.Join(", ", plan.Counted)}), and none has more");
        }

        foreach (var loss in plan.Losses)
        {
            stdout.WriteLine($"MAY BE LOST: {loss}");
        }

        stdout.WriteLine();
    }

    private static void PrintNext(RecoveryPlan plan, RecoverOptions options, TextWriter stdout)
    {
        var accept = plan.Losses.Count > 0 ? " -accept-loss" : "";
        stdout.WriteLine("nothing was changed; to make a new cluster of it:");
        stdout.WriteLine($"  raftd recover {string.Join(' ', options.Directories)} -to NEW-DIR -id NAME{accept}");
    }

    private static string NamesOf(IReadOnlyList<ConfiguredMember> members) => members.Count == 0
        ? "not known"
        : string.Join(", ", members.Select(static member => member.IsVoter ? member.Name : $"{member.Name} (learner)"));

    private static string Number(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
