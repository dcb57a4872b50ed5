using System.Diagnostics;

namespace Raftd.Mutations;

/// <summary>The control run, then all mutations, several at a time; each run is a process of its own.</summary>
internal sealed class Campaign(MutantTree tree, Arguments arguments)
{
    /// <returns>True if nothing was seen without a mutation and something with each.</returns>
    public async Task<bool> RunAsync(IReadOnlyList<Mutation> mutations)
    {
        var started = Stopwatch.GetTimestamp();
        if (!await IsControlGreenAsync(mutations.SelectMany(mutation => mutation.Suites).Distinct()))
        {
            Console.WriteLine($"0 passed, {mutations.Count} failed");
            return false;
        }

        Report.WriteHead();
        var results = new IReadOnlyList<Trial>?[mutations.Count];
        var written = 0;
        await ForEachAsync(Enumerable.Range(0, mutations.Count), async at =>
        {
            var trials = await TryAsync(mutations[at]);
            lock (results)
            {
                results[at] = trials;
                while (written < results.Length && results[written] is { } next)
                {
                    Report.WriteRow(mutations[written], next);
                    written++;
                }
            }
        });
        return Conclude(mutations, results!, Stopwatch.GetElapsedTime(started));
    }

    private async Task<bool> IsControlGreenAsync(IEnumerable<Suite> suites)
    {
        var isGreen = true;
        await ForEachAsync(suites, async suite =>
        {
            var trial = await Trial.RunAsync(tree, suite, mutation: null, arguments.Limit);
            if ((trial.Seen ?? trial.Trouble) is { } failure)
            {
                Console.WriteLine($"FAILED: without any mutation, {suite.Project} is not green: {failure}");
                Volatile.Write(ref isGreen, false);
            }
        });
        return isGreen;
    }

    private async Task<IReadOnlyList<Trial>> TryAsync(Mutation mutation)
    {
        var trials = new List<Trial>();
        foreach (var suite in mutation.Suites.OrderBy(suite => suite.IsSimulation))
        {
            trials.Add(await Trial.RunAsync(tree, suite, mutation, arguments.Limit));
            if (arguments.Quick && trials[^1].Seen is not null)
            {
                break;
            }
        }

        return trials;
    }

    private static bool Conclude(IReadOnlyList<Mutation> mutations, IReadOnlyList<Trial>[] results, TimeSpan elapsed)
    {
        var survivors = mutations.Where((_, at) => results[at].All(trial => trial.Seen is null)).ToList();
        survivors.ForEach(mutation => Console.WriteLine($"FAILED: {mutation.Name} was seen by no suite"));
        Console.WriteLine($"{elapsed.TotalMinutes:0.0} minutes");
        Console.WriteLine($"{mutations.Count - survivors.Count} passed, {survivors.Count} failed");
        return survivors.Count == 0;
    }

    private Task ForEachAsync<T>(IEnumerable<T> items, Func<T, Task> action) => Parallel.ForEachAsync(
        items,
        new ParallelOptions { MaxDegreeOfParallelism = arguments.Workers },
        async (item, _) => await action(item));
}
