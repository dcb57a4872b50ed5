using Microsoft.Extensions.Primitives;
using Raftd.Contract;

namespace Raftd.Api.Rest.Http;

/// <summary>The tags of If-Match or If-None-Match. Our tags are mod revisions in quotes, never weak.</summary>
internal sealed class EntityTags
{
    private readonly List<(long Revision, bool IsWeak)> _tags = [];

    /// <summary>`*`: any version, so long as there is one.</summary>
    public bool IsAny { get; private init; }

    public static string Format(long modRevision) => string.Create(null, $"\"{modRevision}\"");

    /// <summary>Null where the header is not there; 400 where it is malformed.</summary>
    public static EntityTags? Parse(string header, StringValues values)
    {
        if (values.Count == 0)
        {
            return null;
        }

        var text = values.ToString().AsSpan().Trim();
        if (text is "*")
        {
            return new EntityTags { IsAny = true };
        }

        var tags = new EntityTags();
        foreach (var range in text.Split(','))
        {
            tags.AddTag(header, text[range].Trim());
        }

        return tags;
    }

    /// <summary>A tag that is no number of ours is valid and matches nothing, as does a weak one (RFC 9110, 13.1.1).</summary>
    public Precondition ToPrecondition() => IsAny
        ? new Precondition { MustExist = true }
        : new Precondition
        {
            ModRevisions = _tags.Where(tag => tag is { IsWeak: false, Revision: > 0 }).Select(tag => tag.Revision).ToArray(),
        };

    /// <summary>Weak comparison, for If-None-Match.</summary>
    public bool Matches(long modRevision) => IsAny || _tags.Exists(tag => tag.Revision == modRevision);

    /// <summary>Strong comparison, for If-Match.</summary>
    public bool MatchesStrongly(long modRevision) =>
        IsAny || _tags.Exists(tag => tag.Revision == modRevision && !tag.IsWeak);

    private void AddTag(string header, ReadOnlySpan<char> tag)
    {
        var isWeak = tag.StartsWith("W/");
        var quoted = isWeak ? tag[2..] : tag;
        if (quoted.Length < 2 || quoted[0] != '"' || quoted[^1] != '"')
        {
            ApiException.BadRequest(
                $"{header} is no list of quoted revisions", $"write {header}: \"7\" (with the quotes), or {header}: *");
        }

        _tags.Add((long.TryParse(quoted[1..^1], out var revision) ? revision : 0, isWeak));
    }
}
