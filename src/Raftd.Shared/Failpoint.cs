// Failpoints: named steps of the product at which a test makes the process die, wait or fail, in a real member with a
// real disk, beyond the reach of any seam.
//
// Only a build with the configuration Failpoints has them (Directory.Build.props); in any other the compiler drops the
// calls with their arguments. Such a build reads this variable once:
//
//   RAFTD_FAILPOINTS=log.sync=kill@20;flush.commit=error:EIO;apply.entry=sleep:50
//
//   kill@N          the Nth time: SIGKILL to itself; messages that have not left by then never leave
//   error:ERRNO@N   the Nth time: throws what the system call of the step throws; only at steps with a system call
//   sleep:MS@N      from the Nth time on: waits, on the thread that reaches the step
//
// N is 1 if it is left out. The process prints a line to stderr when a failpoint fires. FailpointTests finds the names in the
// sources, and fails for a name without a test.

using System.Collections.Frozen;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Raftd.Shared;

public static partial class Failpoint
{
    private const string Variable = "RAFTD_FAILPOINTS";

    private static readonly FrozenDictionary<string, Plan> Plans =
        (Environment.GetEnvironmentVariable(Variable) ?? "")
        .Split(';', StringSplitOptions.RemoveEmptyEntries)
        .Select(Plan.Parse)
        .ToFrozenDictionary(plan => plan.Name, StringComparer.Ordinal);

    /// <summary>A step without a system call: kill and sleep.</summary>
    [Conditional("FAILPOINTS")]
    public static void Hit(string name) => Hit(name, static errno => throw new FormatException($"{Variable}: error {errno} means nothing here"));

    /// <summary>A step before a system call: kill, sleep and error.</summary>
    /// <param name="failure">Makes the exception that the call throws for an errno.</param>
    [Conditional("FAILPOINTS")]
    public static void Hit(string name, Func<int, Exception> failure)
    {
        if (Plans.TryGetValue(name, out var plan))
        {
            plan.Hit(failure);
        }
    }

    [GeneratedRegex(@"^(?<name>[^=]+)=(?<action>kill|error(?=:)|sleep(?=:))(:(?<argument>\w+))?(@(?<first>\d+))?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form();

    private sealed class Plan(string name, string action, string argument, long first)
    {
        private long _hits;

        public string Name => name;

        public static Plan Parse(string text)
        {
            if (Form().Match(text) is not { Success: true } parts)
            {
                throw new FormatException($"{Variable}: {text} is not NAME=kill|error:ERRNO|sleep:MS, with @N or without");
            }

            var first = parts.Groups["first"] is { Success: true } at ? Number(at.Value) : 1;
            return new Plan(parts.Groups["name"].Value, parts.Groups["action"].Value, parts.Groups["argument"].Value, first);
        }

        public void Hit(Func<int, Exception> failure)
        {
            var hit = Interlocked.Increment(ref _hits);
            if (hit == first)
            {
                Console.Error.WriteLine($"failpoint {name}: {action} {argument}");
            }

            switch (action)
            {
                case "kill" when hit == first:
                    Process.GetCurrentProcess().Kill();
                    Thread.Sleep(Timeout.Infinite);
                    break;
                case "error" when hit == first:
                    throw failure(ErrorNumber(argument));
                case "sleep" when hit >= first:
                    Thread.Sleep((int)Number(argument));
                    break;
            }
        }

        private static int ErrorNumber(string name) => name switch
        {
            "EIO" => 5,
            "ENOSPC" => 28,
            "EROFS" => 30,
            "EDQUOT" => 122,
            _ => throw new FormatException($"{Variable}: {name} is not EIO, ENOSPC, EROFS or EDQUOT"),
        };

        private static long Number(string text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
