// Runs seeds. Exit code 0: all passed; 1: a seed failed; 2: the command line is not understood.

using System.Diagnostics;
using Raftd.Simulation;

// Every seed of this number is run twice: the same seed must leave the same trace.
const ulong SampledTwice = 20;

Arguments arguments;
try
{
    arguments = Arguments.Parse(args);
}
catch (FormatException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 2;
}

Environment.SetEnvironmentVariable("RAFTD_VERIFY", "1");
var started = Stopwatch.GetTimestamp();
var (passed, failed, virtualSeconds) = (0, 0, 0.0);
var totals = new List<Outcome>();
for (var seed = arguments.First; seed <= arguments.Last; seed++)
{
    var outcome = Simulation.Run(arguments, seed, arguments.Trace ? Console.Out : null);
    virtualSeconds += outcome.VirtualSeconds;
    totals.Add(outcome);
    var failure = outcome.Failure;
    if (failure is null && seed % SampledTwice == 0)
    {
        var again = Simulation.Run(arguments, seed, output: null);
        virtualSeconds += again.VirtualSeconds;
        failure = again.TraceHash == outcome.TraceHash && again.Failure is null
            ? null
            : $"not deterministic: trace {outcome.TraceHash:x16}, then {again.TraceHash:x16} {again.Failure}";
    }

    if (arguments.Verbose)
    {
        Console.WriteLine(
            $"seed {seed}: {(failure is null ? "passed" : "FAILED")}, {outcome.VirtualSeconds:0.0} virtual seconds, "
            + $"{outcome.Events} events, trace {outcome.TraceHash:x16}, {outcome.Summary}");
    }

    if (failure is null)
    {
        passed++;
        continue;
    }

    failed++;
    var kind = arguments.Leases ? " --leases" : "";
    var length = arguments.VirtualSeconds is { } seconds ? $" --virtual-seconds {seconds}" : "";
    Console.WriteLine($"FAILED: seed {seed} after {outcome.VirtualSeconds:0.000} virtual seconds: {failure}");
    Console.WriteLine($"        repeat: dotnet run -c Release --project tests/Raftd.Simulation --{kind} --seed {seed}{length} --trace");
    if (arguments.FirstFailure)
    {
        break;
    }
}

var elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
Console.WriteLine($"{virtualSeconds:0} virtual seconds in {elapsed:0.0} s: {virtualSeconds / elapsed:0} times real time");
if (arguments.Leases)
{
    Console.WriteLine(
        $"{totals.Sum(run => run.LeaderChanges)} leader changes, {totals.Sum(run => run.Granted)} leases granted, "
        + $"{totals.Sum(run => run.Renewals)} renewals acknowledged, {totals.Sum(run => run.Ended)} leases ended, "
        + $"early {totals.Sum(run => run.Early)}, immortal {totals.Sum(run => run.Immortal)}");
}

Console.WriteLine($"{passed} passed, {failed} failed");
return failed == 0 ? 0 : 1;
