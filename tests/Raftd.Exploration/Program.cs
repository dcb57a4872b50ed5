// Every state that a small cluster of the real core can reach, nearest first.
//
// The naive way to find what breaks a promise is to run clusters by the dice for a long time. It finds what is likely.
// What is unlikely is not found by chance: an order of twelve events of which each one is rare has no seed. A model in
// another language can be explored to the end, and is right about another program.
//
// So this takes the core as shipped, in a world small enough to try everything: three members, few elections, few
// entries, a crash. From each state each thing that may happen next is tried; states that were seen are not entered
// again; a rule that is broken is broken on a shortest way, which is printed.
//
//   1. A member is the core, its disk and its queue of writes, and does with a Ready what the replica does (Member).
//   2. A member's state is known by its canonical form (CanonicalForm), and each step of it is taken once (MemberTable).
//   3. A world is three states, the network, what was ever committed, and what is used up of the scope's limits (World).
//   4. Worlds are kept by fingerprint (StateSet) and gone through level by level (Explorer).
//
// The network keeps every message for ever. What was sent may arrive at any time, again and again, in any order, or
// never: loss, repetition and reordering have no bound and need no steps of their own. A member that is down is one to
// which nothing happens, so a crash and the start after it are one step.
//
// What makes worlds fewer without hiding one that matters:
//   - committed entries are applied at once, and each input is followed by all its Readys;
//   - a follower becomes as impatient with its leader as a request for its vote needs (Member.Deliver);
//   - where all members are alike in the beginning, the first one to campaign is called 1.
// What makes them fewer and does hide some is a switch of the scope, and off in another one: disks that are fast,
// pre-votes that are taken for granted, elections that are one step. Scopes says which; the rules are in Rules. Two things
// that have no end by themselves are bounded: writes that wait at one disk, and arrivals of a forwarded read (Choices).
//
// Exit code 0: no rule was broken; 1: one was; 2: the command line is not understood.

using System.Globalization;
using Raftd.Exploration;

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

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var outcomes = new List<Outcome>();
foreach (var scope in Scopes.All.Where(scope => arguments.Scope is null || scope.Name == arguments.Scope))
{
    var outcome = new Explorer(scope, arguments.States).Run();
    outcomes.Add(outcome);
    var end = outcome.Violation is not null ? "BROKEN" : outcome.IsExhausted ? "exhausted" : $"cut in level {outcome.Depth}";
    Console.WriteLine($"{outcome.Scope,-13} {outcome.Figures}, {end}: {scope.About}");
    if (outcome.Violation is { } violation)
    {
        Console.WriteLine($"FAILED: {scope.Name}: {violation}");
    }
}

Console.WriteLine($"{"in all",-13} {Outcome.Sum(outcomes).Figures}");
var failed = outcomes.Count(outcome => outcome.Violation is not null);
Console.WriteLine($"{outcomes.Count - failed} passed, {failed} failed");
return failed == 0 ? 0 : 1;
