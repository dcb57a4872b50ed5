using System.Globalization;
using Raftd.Exploration;

var limit = args is [.., "--states", var n] ? int.Parse(n, CultureInfo.InvariantCulture) : 1_000_000;
var name = args is ["--scope", var s, ..] ? s : null;
foreach (var scope in Scopes.All)
{
    if (name is null || scope.Name == name)
    {
        var o = new Explorer(scope, limit).Run();
        Console.WriteLine($"{o.Scope,-16} {o.States,9} states {o.Transitions,10} transitions depth {o.Depth} core {o.CoreSteps} {o.Seconds:0.0}s {(o.IsExhausted ? "exhausted" : "cut")} {o.Violation}");
    }
}
