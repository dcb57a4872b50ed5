using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Keyspaces;

namespace Raftd.Sql.Evaluation;

/// <summary>The single keys that a command names, whichever way it goes: known or read in one look before it is evaluated. What else it
/// touches is read when it does.</summary>
/// <param name="Keys">One may come twice.</param>
/// <param name="IsAll">It touches no rows of other keys, nor looks for any.</param>
/// <param name="Deleted">The range that the command deletes without more: the database may do that by itself. Null for other commands.</param>
internal readonly record struct NamedKeys(IReadOnlyList<ReadOnlyMemory<byte>> Keys, bool IsAll, KeyRange? Deleted)
{
    public static NamedKeys Of(ReadOnlyMemory<byte> command) => CommandCodec.TryDecode(command, out var decoded)
        ? new NamedKeys([.. KeysOf(decoded)], NamesAll(decoded), RangeOf(decoded))
        : new NamedKeys([], IsAll: false, Deleted: null);

    private static KeyRange? RangeOf(Command command) =>
        command is DeleteRangeCommand { RangeEnd.IsEmpty: false, ReturnPrevious: false } deletion
            ? new KeyRange(deletion.Key, deletion.RangeEnd)
            : null;

    private static IEnumerable<ReadOnlyMemory<byte>> KeysOf(Command command) => command switch
    {
        PutCommand put => [put.Key],
        DeleteRangeCommand { RangeEnd.IsEmpty: true } deletion => [deletion.Key],
        LeaseExpireCommand expiry => expiry.Keys.Select(static due => due.Key),
        TxnCommand txn => KeysOf(txn.Request),
        _ => [],
    };

    /// <remarks>A lease that ends takes keys with it that only the table of leases knows.</remarks>
    private static bool NamesAll(Command command) => command switch
    {
        PutCommand or LeaseGrantCommand or LeaseKeepAliveCommand { Key: null } => true,
        DeleteRangeCommand deletion => deletion.RangeEnd.IsEmpty,
        TxnCommand txn => NamesAll(txn.Request),
        _ => false,
    };

    private static IEnumerable<ReadOnlyMemory<byte>> KeysOf(TxnRequest request)
    {
        foreach (var compare in request.Compares.Where(static compare => compare.RangeEnd.IsEmpty))
        {
            yield return compare.Key;
        }

        foreach (var key in request.Success.Concat(request.Failure).SelectMany(KeysOf))
        {
            yield return key;
        }
    }

    private static bool NamesAll(TxnRequest request) =>
        request.Compares.All(static compare => compare.RangeEnd.IsEmpty) && request.Success.Concat(request.Failure).All(NamesAll);

    private static IEnumerable<ReadOnlyMemory<byte>> KeysOf(TxnOperation operation) => operation switch
    {
        { Put: { } put } => [put.Key],
        { Range: { RangeEnd.IsEmpty: true } range } => [range.Key],
        { DeleteRange: { RangeEnd.IsEmpty: true } deletion } => [deletion.Key],
        { Txn: { } nested } => KeysOf(nested),
        _ => [],
    };

    private static bool NamesAll(TxnOperation operation) => operation switch
    {
        { Put: not null } => true,
        { Range: { } range } => range.RangeEnd.IsEmpty && range.Revision == 0,
        { DeleteRange: { } deletion } => deletion.RangeEnd.IsEmpty,
        { Txn: { } nested } => NamesAll(nested),
        _ => false,
    };
}
