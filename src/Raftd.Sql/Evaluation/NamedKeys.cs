using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Keyspaces;

namespace Raftd.Sql.Evaluation;

/// <summary>The single keys that a command names, whichever way it goes: read in one look before it is evaluated. What else it
/// touches is read when it does.</summary>
internal static class NamedKeys
{
    /// <returns>Also the range that the command deletes without more: the database may do that by itself.</returns>
    public static (IReadOnlyList<ReadOnlyMemory<byte>> Keys, KeyRange? Deleted) Of(ReadOnlyMemory<byte> command) =>
        CommandCodec.TryDecode(command, out var decoded) ? ([.. Of(decoded)], RangeOf(decoded)) : ([], null);

    private static KeyRange? RangeOf(Command command) =>
        command is DeleteRangeCommand { RangeEnd.IsEmpty: false, ReturnPrevious: false } deletion
            ? new KeyRange(deletion.Key, deletion.RangeEnd)
            : null;

    private static IEnumerable<ReadOnlyMemory<byte>> Of(Command command) => command switch
    {
        PutCommand put => [put.Key],
        DeleteRangeCommand { RangeEnd.IsEmpty: true } deletion => [deletion.Key],
        LeaseExpireCommand expiry => expiry.Keys.Select(static due => due.Key),
        TxnCommand txn => Of(txn.Request),
        _ => [],
    };

    private static IEnumerable<ReadOnlyMemory<byte>> Of(TxnRequest request)
    {
        foreach (var compare in request.Compares.Where(static compare => compare.RangeEnd.IsEmpty))
        {
            yield return compare.Key;
        }

        foreach (var key in request.Success.Concat(request.Failure).SelectMany(Of))
        {
            yield return key;
        }
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Of(TxnOperation operation) => operation switch
    {
        { Put: { } put } => [put.Key],
        { Range: { RangeEnd.IsEmpty: true } range } => [range.Key],
        { DeleteRange: { RangeEnd.IsEmpty: true } deletion } => [deletion.Key],
        { Txn: { } nested } => Of(nested),
        _ => [],
    };
}
