using Raftd.Raft.Tests.Support;

namespace Raftd.Raft.Tests.Safety;

/// <summary>Members whose messages arrive within the tick, or never; the leader is asked to write each tick.</summary>
internal sealed class PromptCluster
{
    // One election timeout of TestOptions.
    private const int SettlingTicks = 10;

    private readonly TestMember[] _members;
    private HashSet<(ulong From, ulong To)> _cut = [];
    private int _writes;

    public PromptCluster(int members, ulong firstLeader, int seed)
    {
        var founding = new Configuration(Enumerable.Range(1, members).Select(id => new NodeId((ulong)id)), []);
        _members = [.. founding.Voters.Select(id => new TestMember(
            id.Value, founding, new SeededRandom((seed * 31) + (int)id.Value)))];
        Member(firstLeader).Node.Campaign();
        Settle();
        Assert.Equal(RaftRole.Leader, Member(firstLeader).Node.Role);
        Run(SettlingTicks, until: () => false);
    }

    public ulong Committed => _members.Max(member => member.Node.Commit);

    public void Cut(IEnumerable<(ulong From, ulong To)> links) => _cut = [.. links];

    /// <returns>The ticks that it took.</returns>
    public int Run(int ticks, Func<bool> until)
    {
        for (var tick = 0; tick < ticks; tick++)
        {
            foreach (var member in _members)
            {
                member.Node.Tick();
                member.Node.Propose([Text.Bytes($"{++_writes}")], out _);
            }

            Settle();
            if (until())
            {
                return tick + 1;
            }
        }

        return ticks;
    }

    private TestMember Member(ulong id) => _members[id - 1];

    private void Settle()
    {
        while (_members.Any(member => member.Node.HasReady || member.IsWriting || member.Outbox.Count > 0))
        {
            foreach (var member in _members)
            {
                Work(member);
                var messages = member.Outbox.ToArray();
                member.Outbox.Clear();
                foreach (var message in messages.Where(message => !_cut.Contains((message.From.Value, message.To.Value))))
                {
                    Member(message.To.Value).Node.Step(message);
                }
            }
        }
    }

    private static void Work(TestMember member)
    {
        while (member.Node.HasReady)
        {
            member.TakeReady();
        }

        while (member.IsWriting)
        {
            member.CompleteWrite();
        }

        while (member.EntriesWanted.Count > 0)
        {
            member.HandInEntries();
        }

        member.Node.FlushCommitNews();
    }
}
