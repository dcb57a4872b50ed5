namespace Raftd.Exploration;

/// <summary>What became of a scope.</summary>
/// <param name="Scope">Its name.</param>
/// <param name="States">Distinct ones, all of which were checked.</param>
/// <param name="Transitions">Steps that changed something.</param>
/// <param name="Depth">Steps from the beginning to the farthest state.</param>
/// <param name="CoreSteps">Steps that the core itself took.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="IsExhausted">Nothing was left to look at; else it was cut at the limit of states.</param>
/// <param name="Violation">The rule that was broken, and the shortest way there; null if none was.</param>
internal sealed record Outcome(
    string Scope, long States, long Transitions, int Depth, long CoreSteps, double Seconds, bool IsExhausted, string? Violation)
{
    public string Figures =>
        $"{States,9} states, {Transitions,10} transitions, {Depth,2} levels, {CoreSteps,7} steps of the core, "
        + $"{Seconds,5:0.0} s, {States / Seconds,7:0} states/s";

    public static Outcome Sum(IReadOnlyCollection<Outcome> all) => new(
        "", all.Sum(one => one.States), all.Sum(one => one.Transitions), all.Max(one => one.Depth),
        all.Sum(one => one.CoreSteps), all.Sum(one => one.Seconds), all.All(one => one.IsExhausted), Violation: null);
}
