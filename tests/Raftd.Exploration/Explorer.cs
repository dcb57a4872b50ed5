using System.Diagnostics;
using Raftd.Exploration.Members;
using Raftd.Exploration.Rules;
using Raftd.Exploration.Worlds;

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
    string Scope, int States, long Transitions, int Depth, int CoreSteps, double Seconds, bool IsExhausted, string? Violation);

/// <summary>Goes through all states of a scope, nearest first, so that what it finds broken has no shorter way.</summary>
internal sealed class Explorer
{
    private readonly Scope _scope;
    private readonly int _limit;
    private readonly MessageTable _messages = new();
    private readonly MemberTable[] _members;
    private readonly CommittedTable _histories;
    private readonly StateSet _states = new();
    private readonly MemberState[] _viewed = new MemberState[3];
    private readonly List<int> _fresh = [];
    private List<World> _level = [];
    private List<World> _next = [];
    private long _transitions;
    private int _from;
    private string? _violation;

    /// <param name="scope">What may happen.</param>
    /// <param name="limit">States after which it is enough.</param>
    public Explorer(Scope scope, int limit)
    {
        _scope = scope;
        _limit = limit;
        _members = [.. new ulong[] { 1, 2, 3 }.Select(id => new MemberTable(id, scope, _messages))];
        _histories = new CommittedTable(scope.Founding);
    }

    private bool IsOver => _violation is not null || _states.Count >= _limit;

    public Outcome Run()
    {
        var started = Stopwatch.GetTimestamp();
        var first = Begin();
        _states.TryAdd(first.Fingerprint, parent: -1, action: 0);
        _level.Add(first);
        var depth = 0;
        for (var firstOfLevel = 0; _level.Count > 0 && !IsOver; depth++)
        {
            var firstOfNext = _states.Count;
            ExpandLevel(firstOfLevel);
            firstOfLevel = firstOfNext;
            (_level, _next) = (_next, _level);
            _next.Clear();
        }

        return new Outcome(
            _scope.Name, _states.Count, _transitions, _level.Count > 0 ? depth : depth - 1, _members.Sum(member => member.Steps),
            Stopwatch.GetElapsedTime(started).TotalSeconds, _level.Count == 0, _violation);
    }

    private World Begin() => new(_members[0].Begin(), _members[1].Begin(), _members[2].Begin(), 0, default, [], 0);

    private void ExpandLevel(int firstOfLevel)
    {
        for (var i = 0; i < _level.Count && !IsOver; i++)
        {
            _from = firstOfLevel + i;
            Expand(_level[i]);
        }
    }

    private void Expand(in World world)
    {
        foreach (var message in world.Network)
        {
            Try(world, _messages.DestinationOf(message), new MemberInput(InputKind.Deliver, message), world.Used);
        }

        for (var member = 0; member < _members.Length; member++)
        {
            foreach (var (input, used) in Choices.Of(_scope, world, member, _members[member][world.StateOf(member)], _histories[world.History]))
            {
                Try(world, member, input, used);
            }
        }
    }

    private void Try(in World world, int member, MemberInput input, Usage used)
    {
        var step = _members[member].Step(world.StateOf(member), input);
        if ((step is null && used == world.Used) || IsOver)
        {
            return;
        }

        _transitions++;
        var action = ActionCode.Of(member, input);
        if (step?.Violation is { } broken)
        {
            Fail(action, broken);
        }
        else
        {
            Enter(world, member, step, action, used);
        }
    }

    private void Enter(in World world, int member, MemberStep? step, int action, Usage used)
    {
        var moved = (step is null ? world : world.With(member, step.Next)) with { Used = used };
        if (step is not null)
        {
            var state = _members[member][step.Next];
            moved = moved with { History = _histories.Extend(world.History, state) };
            moved = Send(moved, step.Sent);
            if (WorldRules.FindStaleRead(step.Answered, used) is { } stale)
            {
                Fail(action, stale);
                return;
            }
        }

        if (_states.TryAdd(moved.Fingerprint, _from, action))
        {
            moved = moved with { Network = _fresh.Count == 0 ? world.Network : [.. world.Network, .. _fresh] };
            Check(world, moved, member, action);
            _next.Add(moved);
        }

        _fresh.Clear();
    }

    /// <summary>Notes which messages are new; the network itself is only made for a new world.</summary>
    private World Send(in World world, int[] sent)
    {
        _fresh.Clear();
        var hash = world.NetworkHash;
        foreach (var message in sent)
        {
            if (!world.Network.Contains(message) && !_fresh.Contains(message))
            {
                _fresh.Add(message);
                hash += World.HashOf(message);
            }
        }

        return world with { NetworkHash = hash };
    }

    private void Check(in World before, in World after, int member, int action)
    {
        for (var i = 0; i < _viewed.Length; i++)
        {
            _viewed[i] = _members[i][after.StateOf(i)];
        }

        var broken = WorldRules.FindViolation(new View(
            _viewed, member, _histories[before.History], _histories[after.History], _scope.Tears > 0));
        foreach (var message in _fresh)
        {
            broken ??= WorldRules.FindContradiction(_messages[message], after.Network, _messages);
        }

        if (broken is not null)
        {
            Fail(action, broken);
        }
    }

    private void Fail(int action, string rule)
    {
        var actions = new List<int> { action };
        for (var at = _from; at > 0; at = _states.WayTo(at).Parent)
        {
            actions.Add(_states.WayTo(at).Action);
        }

        actions.Reverse();
        _violation = $"{rule}\n{Trace(actions)}";
    }

    private string Trace(List<int> actions)
    {
        var lines = new List<string>();
        var world = Begin();
        foreach (var action in actions)
        {
            var (member, input) = ActionCode.Read(action);
            var step = _members[member].Step(world.StateOf(member), input);
            world = step is null ? world : world.With(member, step.Next);
            lines.Add($"{lines.Count + 1,4}. {Describe(member, input),-60} {_members[member][world.StateOf(member)]}");
        }

        return string.Join('\n', lines);
    }

    private string Describe(int member, MemberInput input) => input.Kind switch
    {
        InputKind.Deliver => MessageText.Of(_messages[input.Argument]),
        InputKind.Propose or InputKind.Configure or InputKind.Read or InputKind.Transfer => $"{member + 1} {input.Kind} {input.Argument}",
        _ => $"{member + 1} {input.Kind}",
    };
}
