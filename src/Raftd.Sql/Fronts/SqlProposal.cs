using Raftd.Sql.Evaluation;
using Raftd.State.Keyspaces;
using Raftd.State.Leading;

namespace Raftd.Sql.Fronts;

/// <summary>A command on its way into a row of the log.</summary>
/// <param name="command">Encoded; not changed until the end.</param>
/// <param name="deadline">A timestamp.</param>
/// <param name="ended">Told once, on the thread that ends it.</param>
internal sealed class SqlProposal(ReadOnlyMemory<byte> command, long deadline, Action<ProposalOutcome> ended)
{
    // What a command weighs beside its bytes.
    private const int OverheadBytes = 512;

    private readonly NamedKeys _named = NamedKeys.Of(command);
    private int _hasEnded;

    public ReadOnlyMemory<byte> Command { get; } = command;

    public long Deadline { get; } = deadline;

    public long Bytes => Command.Length + OverheadBytes;

    /// <summary>It was part of a batch whose outcome is not known.</summary>
    public bool MayBeCommitted { get; set; }

    /// <summary>The keys that it names: looked up together with those of its batch.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Keys => _named.Keys;

    /// <summary>It touches no other keys, whichever way it goes.</summary>
    public bool NamesAll => _named.IsAll;

    /// <summary>The range that it deletes without more; null for other commands.</summary>
    public KeyRange? Deleted => _named.Deleted;

    /// <summary>A later end of the same proposal changes nothing.</summary>
    public void End(ProposalOutcome outcome)
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) == 0)
        {
            ended(outcome);
        }
    }
}
