using Raftd.Testing.Cores;

namespace Raftd.Raft.Tests.Support;

/// <summary>Member 1 of three, alone on a table: the test plays its peers and its disk is fast.</summary>
internal sealed class SingleNode
{
    private readonly TestMember _member;

    public SingleNode(ulong term = 0, params ulong[] logTerms)
    {
        var log = logTerms.Select((t, i) => new Entry(new EntryId(t, (ulong)i + 1), EntryKind.Normal, default)).ToList();
        var founding = new Configuration([new(1), new(2), new(3)], []);
        _member = new TestMember(1, founding, new FixedRandom(0), tune: null, term, log);
    }

    public RaftNode Node => _member.Node;

    public List<Entry> Applied => _member.Applied;

    public string Log => string.Join(' ', _member.Disk.All.Select(entry => entry.Id));

    /// <summary>Member 1 as the leader of the term after, by the vote of 2; its first entry is sent and durable.</summary>
    public static SingleNode Leading(ulong term = 0, params ulong[] logTerms)
    {
        var single = new SingleNode(term, logTerms);
        single.Node.Campaign();
        single.Step(new Message { Kind = MessageKind.MsgPreVoteResp, From = new NodeId(2), Term = term + 1 });
        single.Settle();
        single.Step(new Message { Kind = MessageKind.MsgVoteResp, From = new NodeId(2), Term = term + 1 });
        single.Settle();
        Assert.Equal(RaftRole.Leader, single.Node.Role);
        return single;
    }

    /// <summary>Steps a message to member 1 and returns what it answers once its disk is done.</summary>
    public List<Message> Step(Message m)
    {
        Node.Step(new Message
        {
            Kind = m.Kind,
            To = new NodeId(1),
            From = m.From,
            Term = m.Term,
            LogTerm = m.LogTerm,
            Index = m.Index,
            Commit = m.Commit,
            Entries = m.Entries,
            Reject = m.Reject,
            RejectHint = m.RejectHint,
            ReadId = m.ReadId,
            Force = m.Force,
        });
        return Settle();
    }

    public List<Message> Settle()
    {
        var sent = new List<Message>();
        while (Node.HasReady || _member.IsWriting)
        {
            if (Node.HasReady)
            {
                _member.TakeReady();
            }

            if (_member.IsWriting)
            {
                _member.CompleteWrite();
            }

            while (_member.EntriesWanted.Count > 0)
            {
                _member.HandInEntries();
            }

            Node.FlushCommitNews();

            sent.AddRange(_member.Outbox);
            _member.Outbox.Clear();
        }

        return sent;
    }
}
