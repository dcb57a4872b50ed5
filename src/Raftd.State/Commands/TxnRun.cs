using Raftd.Contract;

namespace Raftd.State.Commands;

/// <summary>Does the operations of a transaction, in slices where it deletes many keys.</summary>
/// <param name="state">Check has let the transaction pass in it.</param>
/// <param name="sliceKeys">Keys that one slice deletes.</param>
internal sealed class TxnRun(WorkingState state, int sliceKeys)
{
    private readonly TxnReads _reads = new(state.Keyspace);

    /// <summary>Of the path that Do has come to the end of last.</summary>
    public TxnResponse? Answer { get; private set; }

    /// <summary>Answers one element after each slice that is not the last.</summary>
    public IEnumerable<bool> Do(TxnPath path)
    {
        var responses = new List<TxnOperationResponse>(path.Operations.Count);
        for (var i = 0; i < path.Operations.Count; i++)
        {
            var operation = path.Operations[i];
            if (path.Nested[i] is { } nested)
            {
                foreach (var slice in Do(nested))
                {
                    yield return slice;
                }

                responses.Add(new TxnOperationResponse { Txn = Answer });
            }
            else if (operation.DeleteRange is { } deletion)
            {
                DeleteRangeResult? deleted = null;
                foreach (var slice in DeleteRangeCommand.Delete(deletion, state, sliceKeys))
                {
                    deleted = slice;
                    if (slice is null)
                    {
                        yield return true;
                    }
                }

                responses.Add(new TxnOperationResponse { DeleteRange = deleted!.ToResponse() });
            }
            else
            {
                responses.Add(operation.Put is { } put ? Put(put) : Read(operation.Range!));
            }
        }

        Answer = new TxnResponse
        {
            Revision = state.Keyspace.Revision,
            Succeeded = path.Succeeded,
            Responses = responses,
        };
    }

    private TxnOperationResponse Put(PutRequest put)
    {
        var result = PutCommand.Put(put, state);
        return new TxnOperationResponse
        {
            Put = new PutResponse { Revision = result.Revision, Succeeded = true, Previous = result.Previous },
        };
    }

    private TxnOperationResponse Read(RangeRequest range) =>
        new() { Range = state.IsAsked ? _reads.Range(range) : TxnReads.Unread(state.Keyspace.Revision) };
}
