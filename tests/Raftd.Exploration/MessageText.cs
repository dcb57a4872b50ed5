using Raftd.Raft;

namespace Raftd.Exploration;

/// <summary>Messages in one line.</summary>
internal static class MessageText
{
    public static string Of(Message m)
    {
        var line = $"{m.From}->{m.To} {m.Kind} term={m.Term}" + m.Kind switch
        {
            MessageKind.MsgApp => $" after={m.LogTerm}/{m.Index} commit={m.Commit} [{string.Join(' ', m.Entries.Select(Of))}]",
            MessageKind.MsgAppResp => m.Reject ? $" reject={m.Index} hint={m.LogTerm}/{m.RejectHint}" : $" index={m.Index}",
            MessageKind.MsgVote or MessageKind.MsgPreVote => $" last={m.LogTerm}/{m.Index}",
            MessageKind.MsgVoteResp or MessageKind.MsgPreVoteResp => m.Reject ? " reject" : " granted",
            MessageKind.MsgHeartbeat => $" commit={m.Commit}",
            MessageKind.MsgReadIndexResp => $" index={m.Index}",
            MessageKind.MsgSnap => $" snapshot={m.Snapshot?.Id}",
            _ => "",
        };
        line += m.ReadId == 0 ? "" : $" read={m.ReadId}";
        line += m.Unanswered ? " unanswered" : "";
        line += m.Force ? " force" : "";
        line += m.Recovering ? $" recovering({m.Nonce})" : "";
        return m.Recovered ? $"{line} recovered({m.Nonce})" : line;
    }

    private static string Of(Entry entry) => entry.Kind == EntryKind.Configuration ? $"{entry.Id}c" : $"{entry.Id}";
}
