using System.Diagnostics;
using Raftd.Exploration.Members;
using Raftd.Exploration.Rules;
using Raftd.Exploration.Worlds;
using Raftd.Raft;

namespace Raftd.Exploration;

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
    private List<World> _level = [];
    private List<World> _next = [];
    private long _transitions;

    // The step that is being tried: from which state, what, who moved by it, and what was sent by it for the first time.
    private readonly List<int> _moved = [];
    private readonly List<int> _fresh = [];
    private World _before;
    private bool _isStuck;
    private int _from;
    private int _action;
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
            var to = _messages.DestinationOf(message);
            var used = world.Used;
            if (Choices.MayArrive(_scope, _messages[message].Kind, _members[to][world.StateOf(to)], ref used))
            {
                Try(world, to, new MemberInput(InputKind.Deliver, message), used);
            }
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
        if (IsOver)
        {
            return;
        }

        _action = ActionCode.Of(member, input);
        var after = Act(world with { Used = used }, member, input);
        if (_violation is not null || _moved.Count == 0)
        {
            return;
        }

        _transitions++;
        if (_states.TryAdd(after.Fingerprint, _from, _action))
        {
            after = WithFresh(after);
            Check(after);
            _next.Add(after);
        }
    }

    /// <summary>One action on a world. No member has moved if it changes nothing.</summary>
    private World Act(in World world, int member, MemberInput input)
    {
        _moved.Clear();
        _fresh.Clear();
        _isStuck = false;
        var isElection = input.Kind == InputKind.Elect;
        _before = isElection && _scope.LossyElections ? world with { Network = [], NetworkHash = 0 } : world;
        return isElection
            ? Elect(_before, member, input)
            : Move(_before, member, _members[member].Step(_before.StateOf(member), input));
    }

    private World WithFresh(in World after) =>
        after with { Network = _fresh.Count == 0 ? after.Network : [.. after.Network, .. _fresh] };

    /// <summary>What a step makes of a world, but for its network, which is only made for a world that is new.</summary>
    private World Move(in World world, int member, MemberStep? step)
    {
        if (step is null)
        {
            return world;
        }

        if ((step.Violation ?? WorldRules.FindStaleRead(step.Answered, world.Used)) is { } broken)
        {
            _isStuck = true;
            Fail(broken);
            return world;
        }

        _moved.Add(member);
        return world.With(member, step.Next) with
        {
            History = _histories.Extend(world.History, _members[member][step.Next]),
            NetworkHash = world.NetworkHash + Send(step.Sent),
        };
    }

    /// <summary>A candidate whose term is behind the voter's hears so by the pre-vote, and tries again.</summary>
    private World Elect(World world, int candidate, MemberInput input)
    {
        var voter = _members[input.Argument - 1][world.StateOf(input.Argument - 1)];
        if (voter.HardState.Term > _members[candidate][world.StateOf(candidate)].Term)
        {
            var refusal = _messages.NumberOf(new Message
            {
                Kind = MessageKind.MsgPreVoteResp,
                From = voter.Id,
                To = new NodeId((ulong)candidate + 1),
                Term = voter.HardState.Term,
                Reject = true,
            });
            var heard = new MemberInput(InputKind.Deliver, refusal);
            world = Move(world, candidate, _members[candidate].Step(world.StateOf(candidate), heard));
        }

        world = Move(world, candidate, _members[candidate].Step(world.StateOf(candidate), input));
        return Ask(world, candidate, input.Argument - 1);
    }

    /// <summary>The candidate's request goes to one voter, and its answer back.</summary>
    private World Ask(World world, int candidate, int voter)
    {
        var (from, to) = (candidate, voter);
        for (var hop = 0; hop < 2; hop++)
        {
            world = Sync(world, from);
            var vote = _fresh.FindLast(number => Votes.IsBetween(_messages[number], from, to));
            if (_fresh.Count == 0 || !Votes.IsBetween(_messages[vote], from, to) || _isStuck)
            {
                return world;
            }

            world = Move(world, to, _members[to].Step(world.StateOf(to), new MemberInput(InputKind.Deliver, vote)));
            (from, to) = (to, from);
        }

        return world;
    }

    /// <summary>What is said in an election is on disk first.</summary>
    private World Sync(World world, int member)
    {
        while (_members[member][world.StateOf(member)] is var state && (state.Writes > 0 || state.IsUnreported) && !_isStuck)
        {
            var kind = state.Writes > 0 ? InputKind.Sync : InputKind.Report;
            world = Move(world, member, _members[member].Step(world.StateOf(member), new MemberInput(kind)));
        }

        return world;
    }

    /// <summary>Notes which messages are new.</summary>
    /// <returns>The sum of their hashes.</returns>
    private ulong Send(int[] sent)
    {
        var hash = 0UL;
        foreach (var message in sent)
        {
            if (!_before.Network.Contains(message) && !_fresh.Contains(message))
            {
                _fresh.Add(message);
                hash += World.HashOf(message);
            }
        }

        return hash;
    }

    private void Check(in World after)
    {
        for (var i = 0; i < _viewed.Length; i++)
        {
            _viewed[i] = _members[i][after.StateOf(i)];
        }

        string? broken = null;
        foreach (var member in _moved)
        {
            broken ??= WorldRules.FindViolation(new View(
                _viewed, member, _histories[_before.History], _histories[after.History], _scope.Tears > 0));
        }

        foreach (var message in _fresh)
        {
            broken ??= WorldRules.FindContradiction(_messages[message], after.Network, _messages);
        }

        if (broken is not null)
        {
            Fail(broken);
        }
    }

    private void Fail(string rule)
    {
        if (_violation is not null)
        {
            return;
        }

        _violation = rule;
        var actions = new List<int> { _action };
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
            world = WithFresh(Act(world, member, input));
            lines.Add($"{lines.Count + 1,4}. {Describe(member, input),-60} {_members[member][world.StateOf(member)]}");
        }

        return string.Join('\n', lines);
    }

    private string Describe(int member, MemberInput input) => input.Kind switch
    {
        InputKind.Deliver => MessageText.Of(_messages[input.Argument]),
        InputKind.Propose or InputKind.Configure or InputKind.Read or InputKind.Transfer or InputKind.Elect => $"{member + 1} {input.Kind} {input.Argument}",
        _ => $"{member + 1} {input.Kind}",
    };
}
