// Puts old bugs back, one at a time, and asks the suites whether they see it.
//
// A suite that is green says little by itself: it may look away. So each bug of the past that this code could have
// (failures seen in other systems, and our own of docs/bugs.md) stands in a table as the few words that would bring it
// back. All of them go into one copy of the sources, each behind a switch that is off, and the copy is built once
// (MutantTree, Rewriter). Then:
//
//   1. without any switch all suites must be green;
//   2. with each switch on, at least one of the suites that the table names must go red.
//
// Exit code 0: all seen; 1: one was not, or the control run was red; 2: the command line or the table is wrong.

using Raftd.Mutations;
using Raftd.Mutations.Table;
using Raftd.Testing.Processes;

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

var all = AllMutations.List;
if (arguments.List)
{
    Console.WriteLine(string.Join('\n', all.Select(mutation => mutation.Name)));
    return 0;
}

var problems = AllMutations.FindProblems(arguments.Only);
var rewritten = Rewriter.Rewrite(ProductSources.Read(Checkout.Root), all, problems);
if (problems.Count > 0 || arguments.Check)
{
    problems.ForEach(problem => Console.WriteLine($"FAILED: {problem}"));
    Console.WriteLine($"{all.Count - problems.Count} passed, {problems.Count} failed");
    return problems.Count == 0 ? 0 : 2;
}

var tree = new MutantTree(Checkout.Root);
tree.Write(rewritten);
if (await tree.BuildAsync() is { } complaint)
{
    Console.WriteLine($"FAILED: the mutations cannot be built\n{complaint}");
    Console.WriteLine($"0 passed, {all.Count} failed");
    return 2;
}

var chosen = all.Where(mutation => arguments.Only.Count == 0 || arguments.Only.Contains(mutation.Name)).ToList();
return await new Campaign(tree, arguments).RunAsync(chosen) ? 0 : 1;
