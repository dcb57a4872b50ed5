namespace Raftd.Raft.Tests.Scripts;

/// <summary>One command: its name, plain arguments in order, and name=value pairs.</summary>
internal sealed class ScriptCommand
{
    private readonly Dictionary<string, string> _named = [];

    public required string Name { get; init; }

    public List<string> Arguments { get; } = [];

    public static ScriptCommand Parse(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var command = new ScriptCommand { Name = words[0] };
        foreach (var word in words[1..])
        {
            if (word.Split('=', 2) is [var name, var value])
            {
                command._named[name] = value;
            }
            else
            {
                command.Arguments.Add(word);
            }
        }

        return command;
    }

    public ulong Id(int position) => ulong.Parse(Arguments[position]);

    public int Count(int position) => Arguments.Count > position ? int.Parse(Arguments[position]) : 1;

    public bool Has(string name) => _named.ContainsKey(name) || Arguments.Contains(name);

    public ulong Number(string name) => _named.TryGetValue(name, out var value) ? ulong.Parse(value) : 0;

    public List<ulong> List(string name) =>
        _named.TryGetValue(name, out var value) ? [.. value.Split(',').Select(ulong.Parse)] : [];

    public Dictionary<string, long> Numbers() =>
        _named.Where(pair => pair.Key != "learners").ToDictionary(pair => pair.Key, pair => long.Parse(pair.Value), StringComparer.Ordinal);

    public Configuration Configuration(int position) => new(
        Arguments[position].Split(',').Select(id => new NodeId(ulong.Parse(id))),
        List("learners").Select(id => new NodeId(id)));

    public bool Selects(Message m) =>
        (!_named.ContainsKey("from") || m.From.Value == Number("from"))
        && (!_named.TryGetValue("kind", out var kind) || m.Kind.ToString() == kind);
}
