// Runs seeds. Exit code 0: all passed; 1: a seed failed; 2: the command line is not understood.

using System.Collections.Concurrent;
using System.Diagnostics;
using Raftd.Simulation;

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
var runs = new List<SeedRun>();
foreach (var run in RunAll())
{
    runs.Add(run);
    if (arguments.Verbose)
    {
        Console.WriteLine(run.Describe());
    }

    if (run.Failure is not null)
    {
        Console.WriteLine($"FAILED: seed {run.Seed} after {run.Outcome.VirtualSeconds:0.000} virtual seconds: {run.Failure}");
        Console.WriteLine($"        repeat: dotnet run -c Release --project tests/Raftd.Simulation -- {arguments.ToRepeat(run.Seed)}");
        if (arguments.FirstFailure)
        {
            break;
        }
    }
}

var elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
var virtualSeconds = runs.Sum(run => run.VirtualSeconds);
var failed = runs.Count(run => run.Failure is not null);
Console.WriteLine($"{virtualSeconds:0} virtual seconds in {elapsed:0.0} s: {virtualSeconds / elapsed:0} times real time");
var outcomes = runs.Select(run => run.Outcome).ToList();
Console.WriteLine(arguments.Fronts ? Outcome.FrontTotals(outcomes) : Outcome.Totals(outcomes, arguments.Leases || arguments.LongLeases));
Console.WriteLine($"{runs.Count - failed} passed, {failed} failed");
return failed == 0 ? 0 : 1;

// In the order of the seeds, not of their ends.
IEnumerable<SeedRun> RunAll() => Partitioner.Create(arguments.Seeds(), EnumerablePartitionerOptions.NoBuffering)
    .AsParallel().AsOrdered()
    .WithDegreeOfParallelism(arguments.Workers)
    .WithMergeOptions(ParallelMergeOptions.NotBuffered)
    .Select(seed => SeedRun.Of(arguments, seed));
