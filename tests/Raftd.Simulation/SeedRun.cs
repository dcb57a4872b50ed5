using Raftd.Simulation.Fronts;

namespace Raftd.Simulation;

/// <summary>One seed, run once, or twice where it failed and at every so many: the same seed must leave the same trace.</summary>
internal sealed record SeedRun(ulong Seed, Outcome Outcome, string? Failure, double VirtualSeconds)
{
    // Every seed of this number is run twice.
    private const ulong SampledTwice = 20;

    public static SeedRun Of(Arguments arguments, ulong seed)
    {
        Func<Arguments, ulong, TextWriter?, Outcome> simulate = arguments.Fronts ? FrontSimulation.Run : Simulation.Run;
        var outcome = simulate(arguments, seed, arguments.Trace ? Console.Out : null);
        if (outcome.Failure is null && seed % SampledTwice != 0)
        {
            return new SeedRun(seed, outcome, Failure: null, outcome.VirtualSeconds);
        }

        var again = simulate(arguments, seed, null);
        var failure = again.TraceHash == outcome.TraceHash
            ? outcome.Failure
            : $"not deterministic: trace {outcome.TraceHash:x16}, then {again.TraceHash:x16}: {outcome.Failure} {again.Failure}";
        return new SeedRun(seed, outcome, failure, outcome.VirtualSeconds + again.VirtualSeconds);
    }

    public string Describe() =>
        $"seed {Seed}: {(Failure is null ? "passed" : "FAILED")}, {Outcome.VirtualSeconds:0.0} virtual seconds, "
        + $"{Outcome.Events} events, trace {Outcome.TraceHash:x16}, {Outcome.Summary}";
}
