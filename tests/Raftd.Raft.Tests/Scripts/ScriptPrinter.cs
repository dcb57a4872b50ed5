using Raftd.Raft.Tests.Support;

namespace Raftd.Raft.Tests.Scripts;

/// <summary>How scripts show what the core says.</summary>
internal static class ScriptPrinter
{
    public static string Message(Message m)
    {
        var line = $"{m.From}->{m.To} {m.Kind} term={m.Term}";
        line += m.Kind switch
        {
            MessageKind.MsgApp => $" after={m.LogTerm}/{m.Index} commit={m.Commit} [{string.Join(' ', m.Entries.Select(Entry))}]",
            MessageKind.MsgAppResp => m.Reject ? $" reject={m.Index} hint={m.LogTerm}/{m.RejectHint}" : $" index={m.Index}",
            MessageKind.MsgVote or MessageKind.MsgPreVote => $" last={m.LogTerm}/{m.Index}",
            MessageKind.MsgVoteResp or MessageKind.MsgPreVoteResp => m.Reject ? " reject" : " granted",
            MessageKind.MsgHeartbeat => $" commit={m.Commit}",
            MessageKind.MsgReadIndexResp => $" index={m.Index}",
            MessageKind.MsgSnap => $" snapshot={m.Snapshot!.Id}",
            _ => "",
        };
        line += m.ReadId == 0 ? "" : $" read={m.ReadId}";
        line += m.Unanswered ? " unanswered" : "";
        line += m.Force ? " force" : "";
        line += m.Recovering ? $" recovering({m.Nonce})" : "";
        return m.Recovered ? $"{line} recovered({m.Nonce})" : line;
    }

    public static string Entry(Entry entry) =>
        entry.Kind == EntryKind.Configuration ? $"{entry.Id}:{Configuration(entry)}"
        : entry.Data.IsEmpty ? $"{entry.Id}"
        : $"{entry.Id}:{Text.Of(entry)}";

    /// <summary>The record's own text without its punctuation.</summary>
    public static string Event(NodeId member, RaftEvent happened) =>
        $"{member}: " + happened.ToString().Replace(" { ", " ").Replace(" = ", "=").Replace(", ", " ").Replace(" }", "");

    public static IEnumerable<string> Ready(NodeId member, Ready ready)
    {
        var hardState = ready.HardState is { } hard
            ? $" term={hard.Term} vote={hard.Vote} commit={hard.Commit}{(hard.Recovering ? " recovering" : "")}"
            : "";
        yield return $"{member}: ready {ready.Sequence}{hardState}{(ready.MustSync ? " sync" : "")}";
        if (ready.Snapshot is { } snapshot)
        {
            yield return $"{member}:   install {snapshot.Metadata.Id}";
        }

        if (ready.Entries.Count > 0)
        {
            yield return $"{member}:   append {string.Join(' ', ready.Entries.Select(Entry))}";
        }

        foreach (var message in ready.Messages)
        {
            yield return $"{member}:   now {Message(message)}";
        }

        foreach (var message in ready.MessagesAfterDurable)
        {
            yield return $"{member}:   once durable {Message(message)}";
        }
    }

    /// <summary>What the outside notices, whether or not the details are shown.</summary>
    public static IEnumerable<string> Effects(NodeId member, Ready ready)
    {
        foreach (var happened in ready.Events)
        {
            yield return Event(member, happened);
        }

        foreach (var entry in ready.Committed)
        {
            yield return $"{member}: apply {Entry(entry)}";
        }

        foreach (var read in ready.ReadStates)
        {
            yield return $"{member}: read {read.Context} at {read.Index}";
        }

        foreach (var context in ready.FailedReads)
        {
            yield return $"{member}: read {context} failed";
        }

        foreach (var wanted in ready.EntriesWanted)
        {
            yield return $"{member}: wants entries [{wanted.Low}, {wanted.High}) for {wanted.Peer}";
        }

        foreach (var to in ready.SnapshotsToSend)
        {
            yield return $"{member}: needs to send a snapshot to {to}";
        }
    }

    public static string Status(TestMember member)
    {
        var node = member.Node;
        var line = $"{node.Id}: {node.Role} term={node.Term} vote={node.Vote} leader={node.Leader} commit={node.Commit}"
            + $" stable={node.Stable} last={node.LastIndex} {node.Configuration} from {node.ConfigurationIndex}";
        return line + (node.IsRecovering ? " recovering" : "") + (node.Configuration.IsLearner(node.Id) ? " learner" : "");
    }

    public static string Peer(Progress peer) =>
        $"{peer.Id}: {peer.State} match={peer.Match} next={peer.Next} inflight={peer.Inflights.Count}"
        + (peer.RecentActive ? " active" : "") + (peer.IsLearner ? " learner" : "") + (peer.Recovering ? " recovering" : "");

    private static string Configuration(Entry entry) =>
        Raft.Configuration.TryDecode(entry.Data.Span, out var configuration) ? configuration.ToString() : "malformed";
}
