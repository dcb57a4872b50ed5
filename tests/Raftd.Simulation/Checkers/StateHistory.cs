using System.Text;
using Raftd.Contract;
using Raftd.Store;

namespace Raftd.Simulation.Checkers;

/// <summary>A member's own state, asked at old revisions; at those that it has compacted, the state that never was.</summary>
internal sealed class StateHistory(StateMachine state, StateMachine whole) : IHistory
{
    public long Newest => state.View().Revision;

    /// <summary>All keys there are now.</summary>
    public string DescribeAll() =>
        KeyVersion.Describe(Range(new RangeRequest { Key = new byte[1], RangeEnd = new byte[1], Revision = Newest }));

    public KeyVersion? Find(string key, long revision) =>
        revision >= 1 && Range(Request(key, "", revision)).ToArray() is [var version] ? version : null;

    public string Describe(string key, string rangeEnd, long revision) =>
        KeyVersion.Describe(Range(Request(key, rangeEnd, revision)));

    public static KeyVersion Version(KeyValue item) => new(Encoding.UTF8.GetString(item.Key.Span), item.ModRevision, item.Value);

    private static RangeRequest Request(string key, string rangeEnd, long revision) => new()
    {
        Key = Encoding.UTF8.GetBytes(key),
        RangeEnd = Encoding.UTF8.GetBytes(rangeEnd),
        Revision = revision,
    };

    private IEnumerable<KeyVersion> Range(RangeRequest request)
    {
        var kept = request.Revision >= state.View().CompactRevision ? state : whole;
        return kept.Range(request).Items.Select(Version);
    }
}
