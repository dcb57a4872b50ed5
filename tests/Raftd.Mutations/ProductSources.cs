// The sources of the product and what they declare, so that a row of the table can name its place by symbol: a file that
// moves and a line that is wrapped anew change nothing.
//
//   Type.Member        a method, property, field or constructor (Type.Type); namespaces and outer types may stand before it
//   Type.Member(2)     the one with two parameters, where there are several
//   Type               its head and all that is between its braces, in all its parts: also for overloads with equally many
//                      parameters

using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Raftd.Mutations;

internal sealed class ProductSources
{
    private static readonly CSharpParseOptions Options = new(LanguageVersion.Preview);

    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly List<Declaration> _declarations = [];

    private ProductSources()
    {
    }

    public IReadOnlyList<Declaration> Declarations => _declarations;

    /// <param name="root">Of the checkout; src below it is read.</param>
    public static ProductSources Read(string root)
    {
        var sources = new ProductSources();
        foreach (var path in Directory.EnumerateFiles(Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(root, path)).Where(path => !SourceFolders.IsOutput(path)).Order(StringComparer.Ordinal))
        {
            sources.Add(path, File.ReadAllText(Path.Combine(root, path)));
        }

        return sources;
    }

    /// <summary>What the parser says of a text, with the line that it says it of.</summary>
    public static IEnumerable<string> ErrorsIn(string text) => CSharpSyntaxTree.ParseText(text, Options).GetDiagnostics()
        .Select(error => $"{error.GetMessage(CultureInfo.InvariantCulture)}: {text.Split('\n')[error.Location.GetLineSpan().StartLinePosition.Line].Trim()}");

    public string TextOf(string file) => _texts[file];

    /// <summary>The declaration that a row names, or all parts of a type.</summary>
    /// <param name="symbol">As at the top of the file.</param>
    /// <param name="problem">Why there is none.</param>
    public IReadOnlyList<Declaration> Find(string symbol, out string? problem)
    {
        var (name, parameters) = Split(symbol);
        var called = _declarations.FindAll(declaration => declaration.IsCalled(name));
        var found = called.FindAll(declaration => parameters is null || declaration.Parameters == parameters);
        problem = found.Count == 0 ? $"there is no {symbol} in src; the nearest is {Nearest(symbol, called)}"
            : found.Count > 1 && !IsOneType(found) ? $"{symbol} may be any of {string.Join(", ", found.Select(Describe))}"
            : null;
        return problem is null ? found : [];
    }

    private static bool IsOneType(List<Declaration> found) =>
        found.TrueForAll(declaration => declaration.IsType && declaration.Name == found[0].Name);

    private static (string Name, int? Parameters) Split(string symbol)
    {
        var bracket = symbol.IndexOf('(', StringComparison.Ordinal);
        return bracket < 0 ? (symbol, null) : (symbol[..bracket], int.Parse(symbol[(bracket + 1)..^1], CultureInfo.InvariantCulture));
    }

    private string Nearest(string symbol, List<Declaration> called)
    {
        if (called.Count > 0)
        {
            return string.Join(", ", called.Select(Describe));
        }

        var name = Split(symbol).Name;
        return Describe(_declarations.MinBy(declaration =>
            declaration.IsType == name.Contains('.', StringComparison.Ordinal) ? int.MaxValue : Distance(declaration.ShortName, name))!);
    }

    private static string Describe(Declaration declaration) => declaration.Parameters is { } parameters
        ? string.Create(CultureInfo.InvariantCulture, $"{declaration.ShortName}({parameters}) in {declaration.File}")
        : $"{declaration.ShortName} in {declaration.File}";

    /// <summary>Characters to put in, take out or change (Levenshtein).</summary>
    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var changed = diagonal + (one[i - 1] == other[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }

    private void Add(string file, string text)
    {
        _texts.Add(file, text);
        var unit = CSharpSyntaxTree.ParseText(text, Options).GetCompilationUnitRoot();
        foreach (var member in unit.Members)
        {
            Add(file, "", member);
        }
    }

    private void Add(string file, string around, MemberDeclarationSyntax member)
    {
        switch (member)
        {
            case BaseNamespaceDeclarationSyntax space:
                AddAll(file, $"{around}{space.Name}.", space.Members);
                break;
            case TypeDeclarationSyntax type:
                AddOne(file, around + type.Identifier.Text, parameters: null, type, isType: true);
                AddAll(file, $"{around}{type.Identifier.Text}.", type.Members);
                break;
            case BaseTypeDeclarationSyntax type:
                AddOne(file, around + type.Identifier.Text, parameters: null, type, isType: true);
                break;
            case BaseFieldDeclarationSyntax fields:
                foreach (var field in fields.Declaration.Variables)
                {
                    AddOne(file, around + field.Identifier.Text, parameters: null, fields);
                }

                break;
            case BasePropertyDeclarationSyntax property:
                AddOne(file, around + NameOf(property), parameters: null, property);
                break;
            case BaseMethodDeclarationSyntax method when method.Body is not null || method.ExpressionBody is not null:
                AddOne(file, around + NameOf(method), method.ParameterList.Parameters.Count, method);
                break;
            default:
                break; // Without a body there is nothing that could be wrong.
        }
    }

    private void AddAll(string file, string around, SyntaxList<MemberDeclarationSyntax> members)
    {
        foreach (var member in members)
        {
            Add(file, around, member);
        }
    }

    private void AddOne(string file, string name, int? parameters, SyntaxNode node, bool isType = false) =>
        _declarations.Add(new Declaration(file, name, parameters, isType, node.Span.Start, node.Span.End));

    private static string NameOf(BasePropertyDeclarationSyntax property) => property switch
    {
        PropertyDeclarationSyntax named => named.Identifier.Text,
        EventDeclarationSyntax named => named.Identifier.Text,
        _ => "this",
    };

    private static string NameOf(BaseMethodDeclarationSyntax method) => method switch
    {
        MethodDeclarationSyntax named => named.Identifier.Text,
        ConstructorDeclarationSyntax named => named.Identifier.Text,
        DestructorDeclarationSyntax named => "~" + named.Identifier.Text,
        OperatorDeclarationSyntax named => named.OperatorToken.Text,
        ConversionOperatorDeclarationSyntax named => named.Type.ToString(),
        _ => throw new InvalidOperationException($"{method.Kind()} is no kind of member that the table knows"),
    };
}
