// The states of one member, each one once, and what each input makes of it.
//
// The naive way copies a cluster of cores for each step of it, and steps the copy. But a core is deterministic and knows
// nothing of the other members: what it makes of an input depends on its own state alone. So its states are numbered, by
// the fingerprint of their canonical form, and the step from (state, input) to (state, output) is taken once, by the
// real core, and remembered. A cluster is then three numbers and a set of messages, and a step of it is a look into this
// table: millions of clusters are made from some ten thousand steps of the core.
//
// A core cannot be copied, so a state is known by the way to it: state before, and input. Where a core in that state
// is needed, a new one is led along the way. The last one that was led somewhere is kept, which spares most ways.

using Raftd.Exploration.Rules;
using Raftd.Exploration.Worlds;
using Raftd.Raft;

namespace Raftd.Exploration.Members;

/// <summary>What an input did: the state after it, messages that left, reads that were answered.</summary>
internal sealed record MemberStep(int Next, int[] Sent, ReadState[] Answered, string? Violation);

internal sealed class MemberTable(ulong id, Scope scope, MessageTable messages)
{
    private readonly List<MemberState> _states = [];
    private readonly List<(int Before, int Code)> _ways = [];
    private readonly Dictionary<Fingerprint, int> _numbers = [];
    private readonly Dictionary<ulong, MemberStep?> _steps = [];
    private readonly CanonicalForm _form = new();
    private Member? _spare;
    private int _spareState = -1;

    /// <summary>Steps that the core itself has taken.</summary>
    public int Steps => _steps.Count;

    public MemberState this[int state] => _states[state];

    public int Begin()
    {
        _spare = new Member(id, scope, messages);
        _spareState = Enter(_spare, before: -1, code: 0);
        return _spareState;
    }

    /// <returns>Null when the input changes nothing and nothing is said.</returns>
    public MemberStep? Step(int state, MemberInput input)
    {
        var key = ((ulong)state << 32) | (uint)input.Code;
        if (!_steps.TryGetValue(key, out var step))
        {
            _steps[key] = step = Take(state, input);
        }

        return step;
    }

    private MemberStep? Take(int state, MemberInput input)
    {
        var member = MemberIn(state);
        _spareState = -1;
        var violation = TryApply(member, input);
        if (violation is not null)
        {
            return new MemberStep(state, [], [], violation);
        }

        var next = Enter(member, state, input.Code);
        (_spare, _spareState) = (member, next);
        int[] sent = [.. member.Sent];
        violation = MemberRules.FindViolation(_states[state], _states[next], input, sent.Select(number => messages[number]));
        return next == state && sent.Length == 0 && member.Answered.Count == 0 && violation is null
            ? null
            : new MemberStep(next, sent, [.. member.Answered], violation);
    }

    /// <summary>The core checks itself, too.</summary>
    private static string? TryApply(Member member, MemberInput input)
    {
        try
        {
            member.Apply(input);
            return null;
        }
        catch (Raftd.Shared.InvariantViolationException broken)
        {
            return $"the core's own check: {broken.Message}";
        }
    }

    private Member MemberIn(int state)
    {
        if (_spareState == state)
        {
            return _spare!;
        }

        var way = new Stack<int>();
        for (var at = state; _ways[at].Before >= 0; at = _ways[at].Before)
        {
            way.Push(_ways[at].Code);
        }

        var member = new Member(id, scope, messages);
        foreach (var code in way)
        {
            member.Apply(MemberInput.FromCode(code));
        }

        return member;
    }

    private int Enter(Member member, int before, int code)
    {
        var fingerprint = _form.Of(member);
        if (!_numbers.TryGetValue(fingerprint, out var number))
        {
            number = _states.Count;
            _numbers[fingerprint] = number;
            _states.Add(new MemberState(member));
            _ways.Add((before, code));
        }

        return number;
    }
}
