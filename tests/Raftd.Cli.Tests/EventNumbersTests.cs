using System.Reflection;
using Microsoft.Extensions.Logging;

namespace Raftd.Cli.Tests;

/// <summary>Operators alert on the numbers of log lines (docs/operations.md), whichever part of the program wrote them.</summary>
public sealed class EventNumbersTests
{
    [Fact]
    public void EventNumber_InAllLogs_BelongsToOneEvent()
    {
        var events = Ours().SelectMany(assembly => assembly.GetTypes()).SelectMany(EventsOf).ToArray();
        Assert.Contains((101, "Starting"), events);
        Assert.Contains((2002, "Leading"), events);
        Assert.Empty(events
            .GroupBy(one => one.Number)
            .Where(several => several.Count() > 1)
            .Select(several => $"{several.Key}: {string.Join(", ", several.Select(one => one.Name))}"));
    }

    private static IEnumerable<Assembly> Ours()
    {
        var program = typeof(CommandLine).Assembly;
        return [program, .. program.GetReferencedAssemblies().Where(name => name.Name!.StartsWith("Raftd.", StringComparison.Ordinal)).Select(Assembly.Load)];
    }

    private static IEnumerable<(int Number, string Name)> EventsOf(Type type) =>
        from method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        let message = method.GetCustomAttribute<LoggerMessageAttribute>()
        where message is not null
        select (message.EventId, method.Name);
}
