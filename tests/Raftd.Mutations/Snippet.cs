using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Raftd.Mutations;

/// <summary>Words of the product, looked for token by token: white space, line ends and comments do not count.</summary>
/// <remarks>What stands before « and behind » only says where; what is between them is replaced.</remarks>
internal sealed class Snippet
{
    private readonly SyntaxToken[] _before;
    private readonly SyntaxToken[] _replaced;
    private readonly SyntaxToken[] _all;

    public Snippet(string text)
    {
        var parts = (text.Contains('«', StringComparison.Ordinal) ? text : $"«{text}»").Split('«', '»');
        _before = TokensOf(parts[0]);
        _replaced = TokensOf(parts[1]);
        _all = [.. _before, .. _replaced, .. TokensOf(parts[2])];
    }

    /// <summary>Where the replaced part stands, as [start, end) of the text, once for each time that the whole occurs.</summary>
    /// <param name="text">Of a file.</param>
    /// <param name="start">It is looked for from here.</param>
    /// <param name="end">It ends at the latest here.</param>
    public IEnumerable<(int Start, int End)> FindIn(string text, int start, int end)
    {
        var tokens = TokensOf(text[start..end]);
        for (var at = 0; at + _all.Length <= tokens.Length; at++)
        {
            if (tokens.AsSpan(at, _all.Length).SequenceEqual(_all, TokenComparer.Instance))
            {
                var first = tokens[at + _before.Length];
                var last = tokens[at + _before.Length + _replaced.Length - 1];
                yield return (start + first.Span.Start, start + last.Span.End);
            }
        }
    }

    private static SyntaxToken[] TokensOf(string text) =>
        [.. SyntaxFactory.ParseTokens(text).TakeWhile(token => !token.IsKind(SyntaxKind.EndOfFileToken))];

    private sealed class TokenComparer : IEqualityComparer<SyntaxToken>
    {
        public static readonly TokenComparer Instance = new();

        public bool Equals(SyntaxToken x, SyntaxToken y) => x.RawKind == y.RawKind && x.Text == y.Text;

        public int GetHashCode(SyntaxToken obj) => obj.RawKind;
    }
}
