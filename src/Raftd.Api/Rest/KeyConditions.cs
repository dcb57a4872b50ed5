using Microsoft.AspNetCore.Http;
using Raftd.Api.Rest.Http;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>If-Match and If-None-Match of a request about one key, and what is answered where they fail.</summary>
internal static class KeyConditions
{
    public static Precondition? OfPut(IHeaderDictionary headers)
    {
        var match = EntityTags.Parse("If-Match", headers.IfMatch);
        var noneMatch = EntityTags.Parse("If-None-Match", headers.IfNoneMatch);
        if (noneMatch is { IsAny: false })
        {
            ApiException.BadRequest("If-None-Match of a PUT takes `*` alone", "use If-Match to name a revision");
        }

        if (noneMatch is not null && match is not null)
        {
            ApiException.BadRequest("If-Match and If-None-Match contradict each other", "give one of them");
        }

        return noneMatch is not null ? new Precondition { MustNotExist = true } : match?.ToPrecondition();
    }

    public static Precondition? OfDelete(IHeaderDictionary headers)
    {
        if (headers.IfNoneMatch.Count > 0)
        {
            ApiException.BadRequest("If-None-Match says nothing for a DELETE", "use If-Match");
        }

        return EntityTags.Parse("If-Match", headers.IfMatch)?.ToPrecondition();
    }

    /// <summary>Whether what the client of a GET has is still what there is.</summary>
    public static bool IsFresh(IHeaderDictionary headers, KeyValue item)
    {
        if (EntityTags.Parse("If-Match", headers.IfMatch) is { } match && !match.MatchesStrongly(item.ModRevision))
        {
            throw Failed(item);
        }

        return EntityTags.Parse("If-None-Match", headers.IfNoneMatch) is { } noneMatch
            && noneMatch.Matches(item.ModRevision);
    }

    /// <param name="item">The key's version that was held against the condition; null where there is no such key.</param>
    public static ApiException Failed(KeyValue? item) => new(ApiError.ConditionFailed(Reason(item)));

    /// <summary>Of a request that would have changed the key.</summary>
    /// <param name="call">The request.</param>
    /// <param name="key">Its key.</param>
    /// <param name="revision">At which apply compared the condition.</param>
    public static async ValueTask<ApiException> FailedInApplyAsync(RestCall call, ReadOnlyMemory<byte> key, long revision)
    {
        var compared = new RangeRequest { Key = key, KeysOnly = true, Revision = revision, Level = ReadLevel.Stale };
        string reason;
        try
        {
            var found = await call.Keyspace.Keys.RangeAsync(call.Caller, compared, CancellationToken.None);
            reason = Reason(found.Items is [var item, ..] ? item : null);
        }
        catch (StoreException)
        {
            // This member has not come so far yet, or that revision is compacted by now.
            reason = "precondition failed: the key has another version";
        }

        return new ApiException(ApiError.ConditionFailed($"{reason}; nothing was written"));
    }

    private static string Reason(KeyValue? item) => item is null
        ? "precondition failed: there is no such key"
        : $"precondition failed: the key has mod revision {item.ModRevision}";
}
