namespace Raftd.Contract;

/// <summary>What an engine takes at most. It announces them, and what speaks to clients refuses by them before it asks the engine.</summary>
/// <remarks>They never change while it runs. Of questions nothing is refused: a key that is too long to be there is not there, and a
/// prefix or the end of a range may have any length.</remarks>
public sealed record EngineLimits
{
    /// <summary>Of a key that is put; null where only the request bounds it.</summary>
    public int? MaxKeyBytes { get; init; }

    /// <summary>Of a value: `-max-value-bytes`.</summary>
    public required int MaxValueBytes { get; init; }

    /// <summary>Keys that one request may change, unless it deletes one range and does nothing else; null for no such limit.</summary>
    public int? MaxChangedKeys { get; init; }

    /// <param name="bytes">The length of a key that is to be put.</param>
    /// <exception cref="StoreException">TooLarge: the engine has no room for so long a key.</exception>
    public void RequireKey(int bytes)
    {
        if (bytes > MaxKeyBytes)
        {
            throw KeyTooLong(bytes, MaxKeyBytes.Value);
        }
    }

    public static StoreException KeyTooLong(int bytes, int most) => new(
        ErrorCode.TooLarge,
        $"the key has {bytes} bytes, and this engine takes keys of {most} at most",
        "use a shorter key; GET /status shows the limits");

    /// <summary>Of all puts in a transaction, on whichever way it goes.</summary>
    /// <exception cref="StoreException">As of one key.</exception>
    public void RequireKeys(TxnRequest request)
    {
        foreach (var operation in request.Success.Concat(request.Failure))
        {
            if (operation.Put is { } put)
            {
                RequireKey(put.Key.Length);
            }
            else if (operation.Txn is { } nested)
            {
                RequireKeys(nested);
            }
        }
    }
}
