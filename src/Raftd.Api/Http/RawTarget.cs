using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Raftd.Api.Http;

/// <summary>The request target as it came, cut into bucket, path and query; nothing decoded.</summary>
/// <remarks>
/// Kestrel's Path is of no use for keys: it is percent-decoded but for %2F, its dot segments are resolved, and bytes that
/// are not UTF-8 stay encoded, so several keys fall together. RawTarget is ASCII: Kestrel answers 400 to any raw byte from
/// 0x80 up and to %00 in a path before it asks us.
/// </remarks>
internal readonly ref struct RawTarget
{
    private const string BucketPrefix = "/b/";

    private RawTarget(ReadOnlySpan<char> whole, ReadOnlySpan<char> query)
    {
        Query = query;
        Path = whole;
        if (whole.StartsWith(BucketPrefix) && whole[BucketPrefix.Length..].IndexOf('/') is >= 0 and var length)
        {
            HasBucket = true;
            Bucket = whole.Slice(BucketPrefix.Length, length);
            Path = whole[(BucketPrefix.Length + length)..];
        }
    }

    /// <summary>Without the bucket: all that routes know.</summary>
    public ReadOnlySpan<char> Path { get; }

    /// <summary>Whether `/b/{bucket}` stands before the path.</summary>
    public bool HasBucket { get; }

    /// <summary>As it came: perhaps no name. Empty where there is none.</summary>
    public ReadOnlySpan<char> Bucket { get; }

    /// <summary>Without the question mark; empty for none.</summary>
    public ReadOnlySpan<char> Query { get; }

    public static string Of(HttpContext context) => context.Features.Get<IHttpRequestFeature>()!.RawTarget;

    /// <summary>Takes origin form (`/key/a?b`) and absolute form (`http://host/key/a?b`).</summary>
    public static RawTarget Split(ReadOnlySpan<char> target)
    {
        target = WithoutAuthority(target);
        var question = target.IndexOf('?');
        return question < 0
            ? new RawTarget(target, [])
            : new RawTarget(question == 0 ? "/" : target[..question], target[(question + 1)..]);
    }

    /// <summary>Path and query as they came: what a redirect appends to the leader's URL.</summary>
    public static ReadOnlySpan<char> WithoutAuthority(ReadOnlySpan<char> target)
    {
        var start = StartOfAuthority(target);
        if (start < 0)
        {
            return target;
        }

        var afterScheme = target[start..];
        var end = afterScheme.IndexOfAny('/', '?');
        return end < 0 ? "/" : afterScheme[end..];
    }

    /// <summary>Of absolute form, as it came; empty for any other.</summary>
    public static ReadOnlySpan<char> Authority(ReadOnlySpan<char> target)
    {
        var start = StartOfAuthority(target);
        if (start < 0)
        {
            return [];
        }

        var afterScheme = target[start..];
        var end = afterScheme.IndexOfAny('/', '?');
        return end < 0 ? afterScheme : afterScheme[..end];
    }

    /// <returns>Below 0 where there is none.</returns>
    private static int StartOfAuthority(ReadOnlySpan<char> target)
    {
        const string BehindScheme = "://";
        if (target.Length == 0 || target[0] == '/')
        {
            return -1;
        }

        var scheme = target.IndexOf(BehindScheme, StringComparison.Ordinal);
        return scheme < 0 ? -1 : scheme + BehindScheme.Length;
    }
}
