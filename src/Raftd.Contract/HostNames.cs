namespace Raftd.Contract;

/// <summary>The syntax of host names, as far as browsers and resolvers agree on it.</summary>
public static class HostNames
{
    private const int MaxNameChars = 253;
    private const int MaxLabelChars = 63;

    /// <summary>Labels of 1 to 63 letters, digits, hyphens and underscores with dots between them, 253 characters in all, the
    /// last label not of digits alone: a resolver takes such a name for an address.</summary>
    /// <remarks>ASCII alone: a name in another script is spelled in punycode, as it travels. No dot at the end.</remarks>
    public static bool IsName(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > MaxNameChars)
        {
            return false;
        }

        while (true)
        {
            var dot = text.IndexOf('.');
            if (dot < 0)
            {
                return IsLabel(text) && text.ContainsAnyExceptInRange('0', '9');
            }

            if (!IsLabel(text[..dot]))
            {
                return false;
            }

            text = text[(dot + 1)..];
        }
    }

    private static bool IsLabel(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > MaxLabelChars)
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
            {
                return false;
            }
        }

        return true;
    }
}
