namespace Raftd.Mutations.Table;

/// <summary>Slow and greedy clients, and what they share: bodies, answers, the cache.</summary>
internal static class ClientMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "body-counted-as-announced",
            Failures = [65],
            Wrong = "a body is counted with its announced length: clients that announce much and send nothing have all others refused",
            In = "RequestBody.ReadAsync(4)",
            Original = "await body.ReadAsync(context.Request.BodyReader);",
            Broken = "body.Grow(body._announcedBytes ?? 1); await body.ReadAsync(context.Request.BodyReader);",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "keepalives-without-reserve",
            Failures = [65],
            Wrong = "large bodies fill the budget that keepalives are counted in, and leases end although their services live",
            In = "RequestBody.BudgetOf",
            Original = "(_announcedBytes ?? bufferBytes) <= SmallBytes ? _services.SmallBodies : _services.LargeBodies",
            Broken = "_services.LargeBodies",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "body-without-deadline",
            Failures = [65],
            Wrong = "a body that comes at the least rate holds its part for hours (GHSA-6vch-q96h-7gc3)",
            In = "RequestBody.WaitAsync",
            Original = "await reader.ReadAsync(_deadline!.Token)",
            Broken = "await reader.ReadAsync()",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "refused-body-stays-counted",
            Failures = [65],
            Wrong = "a body that is refused half-way does not give back what it held: in the end every body is refused",
            In = "RequestBody.Dispose",
            Original = "«_budget.Release(_buffer.Length);» _buffer = [];",
            Broken = "if (_length == _announcedBytes) { _budget.Release(_buffer.Length); }",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "value-copied-for-each-reader",
            Failures = [61, 65],
            Wrong = "each reader of a large value has a copy of its own: twenty slow ones hold 750 MB",
            In = "KeyApi.ReadAsync",
            Original = "call.IsHead ? 0 : InlineBytes",
            Broken = "int.MaxValue",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "value-loaded-by-each-reader",
            Failures = [61],
            Wrong = "readers that come together each load the value that they share",
            In = "SharedValues.ReadAsync",
            Original = "if («isFirst») { await LoadAsync(caller, value, revision); }",
            Broken = "!value.Loaded.IsCompleted",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "shared-value-never-released",
            Failures = [61],
            Wrong = "a value stays counted after its last reader: in the end every large read is refused",
            In = "SharedValues.Leave",
            Original = "budget.Release(value.CountedBytes);",
            Broken = "",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "reader-that-stops-is-kept",
            Failures = [65],
            Wrong = "a reader that stands still is measured at the rate for all answers, and holds a value for more than an hour",
            In = "RestCall.WriteCountedAsync",
            Original = "«CutOffSlowReader();» using",
            Broken = "",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "listing-without-bound",
            Failures = [61],
            Wrong = "a listing of leased keys is built whole, however large it is",
            In = "LeasedKeysApi.AnswerAsync",
            Original = "services.Options.MaxListingBytes",
            Broken = "long.MaxValue",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "error-asks-for-status",
            Failures = [],
            Wrong = "each error answer asks the store for its sizes to fill in the revision",
            In = "RestErrors.AnswerAsync",
            Original = "RestCall.Format(call.Keyspace.Cluster.Revision)",
            Broken = "RestCall.Format(call.Keyspace.Cluster.Status().Revision)",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "new-tag-on-old-body",
            Failures = [],
            Wrong = "a put that answers the value before sets the ETag of the new one on it",
            In = "KeyApi.PutAsync",
            Original = "SetVersion(call.Response.Headers, previous);",
            Broken = "SetVersion(call.Response.Headers, previous); call.Response.Headers.ETag = EntityTags.Format(answer.Revision);",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "reads-fill-nothing",
            Failures = [],
            Wrong = "a value that was evicted, or that a start had no room for, is read from the store for ever",
            In = "ValueCache.Fill",
            Original = "if («value.Length > MaxValueBytes || cost > LimitBytes»)",
            Broken = "cost > 0",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "cached-value-overwritten",
            Failures = [],
            Wrong = "a reader overwrites what is in a record's slot, the mark included that the index has lost the record",
            In = "KeyRecord.TrySetCached",
            Original = "Interlocked.CompareExchange(ref _cached, value, null) is null",
            Broken = "Interlocked.Exchange(ref _cached, value) is null",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "lost-record-filled",
            Failures = [],
            Wrong = "a reader with an older view caches a value in a record that the index has lost: it is counted for ever",
            In = "KeyRecord.RetireCached",
            Original = "Interlocked.Exchange(ref _cached, Retired)",
            Broken = "Interlocked.Exchange(ref _cached, null)",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "http2-reader-without-deadline",
            Failures = [65],
            Wrong = "a reader over HTTP/2 that stops keeps its part of the budget of answers for hours: Kestrel knows no rate of one stream",
            In = "RestCall.PatienceFor",
            Original = "HttpProtocol.IsHttp2(Request.Protocol)",
            Broken = "false",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "resets-not-counted",
            Failures = [66],
            Wrong = "requests that are taken back as soon as they are sent cost their client nothing (CVE-2023-44487)",
            In = "ResetGuard.WatchAsync",
            Original = "context.RequestAborted.IsCancellationRequested",
            Broken = "false",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "log-bounded-by-one-value",
            Failures = [61],
            Wrong = "a transaction of the etcd API that is larger than one value and 1 MiB stops every member that is to log it",
            In = "MemberTuning.WalOptionsOf",
            Original = "(int)Bounds.MaxValueBytes.Most + CommandHeadBytes",
            Broken = "options.MaxValueBytes + CommandHeadBytes",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "compaction-empties-the-cache",
            Failures = [],
            Wrong = "a record that loses its history to a compaction loses its cached value, too",
            In = "ValueCache.Retire",
            Original = "heir?.TrySetCached(value) != true",
            Broken = "true",
            Suites = [Suite.Store],
        },
    ];
}
