using Raftd.Sql.Database;

namespace Raftd.Sql.Fronts;

/// <summary>Whether the quota keeps a write out: for the alarm. One thread.</summary>
internal sealed class QuotaState(long quotaBytes)
{
    private long _refusedBytes;

    /// <param name="bytes">By which the live data would have grown.</param>
    public void NoteRefused(long bytes) => _refusedBytes = Math.Max(_refusedBytes, bytes);

    /// <summary>True from a refusal on, until what was refused would fit.</summary>
    public bool IsFull(LogRow last)
    {
        if (_refusedBytes > 0 && last.LogicalBytes - last.HistoryBytes + _refusedBytes <= quotaBytes)
        {
            _refusedBytes = 0;
        }

        return _refusedBytes > 0;
    }
}
