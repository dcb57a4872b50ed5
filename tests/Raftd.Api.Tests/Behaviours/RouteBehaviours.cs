using System.Globalization;
using System.Text.Json;

namespace Raftd.Api.Tests.Behaviours;

/// <summary>Each line of <see cref="RouteTable"/>, and what every route has in common.</summary>
public abstract class RouteBehaviours : RestBehaviours
{
    private static readonly Dictionary<int, string> Codes = new()
    {
        [400] = "bad_request",
        [404] = "not_found",
        [409] = "conflict",
        [410] = "compacted",
        [412] = "condition_failed",
        [413] = "too_large",
        [416] = "range_not_satisfiable",
    };

    public static TheoryData<int, string> Lines { get; } =
        new(RouteTable.Lines.Select(static (line, number) => new TheoryDataRow<int, string>(number, line.ToString())));

    /// <summary>Those that are asked are fronts over a database.</summary>
    protected virtual bool AreFronts => false;

    [Theory]
    [MemberData(nameof(Lines))]
    public void Requests_OfALine_AreAnsweredAsItSays(int number, string named)
    {
        var line = RouteTable.Lines[number];
        var member = Next;
        var status = AreFronts && line.AtFronts is { } other ? other : line.Status;
        var answer = line.Ask(
            $"line-{number}-{NextName()}",
            (isSame, method, target, headers, body) => RawHttp.Send(member = isSame ? member : Next, method, target, headers, body),
            AreFronts);
        Assert.True(status == answer.Status, $"{named}: {answer.Status} {answer.Text}");
        if (status >= 400 && !line.Requests[0].StartsWith("HEAD ", StringComparison.Ordinal))
        {
            var error = Parse(answer);
            Assert.Equal(line.Code ?? Codes[status], error.GetProperty("code").GetString());
            Assert.NotEmpty(error.GetProperty("error").GetString()!);
        }
    }

    /// <summary>Both ways: what is described has a line, and what has a line is described.</summary>
    [Fact]
    public void Description_AndTable_NameTheSameStatuses()
    {
        var described = from operation in Operations()
                        from status in operation.Statuses
                        where status != "403"
                        select $"{operation.Route} {status}";
        var shown = RouteTable.Lines.Select(static line => $"{line.Route} {line.Status}").Concat(RouteTable.Elsewhere.Keys);
        Assert.Equal(
            described.Order(StringComparer.Ordinal), shown.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Page_OfAnotherSite_IsForbiddenEveryRoute() => Assert.All(
        Operations(), operation => Refused(403, "forbidden", "elsewhere.example", operation, "", "Origin: http://elsewhere.example\r\n"));

    [Fact]
    public void Parameter_ThatIsUnknown_IsNamedByEveryRoute() => Assert.All(
        Operations().Where(static operation => operation.Route != "GET /"),
        operation => Refused(400, "bad_request", "nonsense", operation, "?nonsense=1", ""));

    [Fact]
    public void Method_ThatIsUnknown_IsRefusedByEveryPath() => Assert.All(Operations(), operation =>
    {
        var answer = RawHttp.Send(Next, "BREW", operation.Path);
        Assert.Equal(405, answer.Status);
        Assert.Contains(operation.Method, answer.Header("Allow"), StringComparison.Ordinal);
        Assert.Equal("method_not_allowed", Parse(answer).GetProperty("code").GetString());
    });

    private void Refused(int status, string code, string text, Operation operation, string query, string headers)
    {
        var answer = RawHttp.Send(Next, operation.Method, operation.Path + query, headers, operation.Method == "GET" ? null : []);
        Assert.True(status == answer.Status, $"{operation.Route}: {answer.Status} {answer.Text}");
        var error = Parse(answer);
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.Contains(text, error.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    private IReadOnlyList<Operation> Operations()
    {
        using var document = JsonDocument.Parse(RawHttp.Send(Next, "GET", "/openapi/v1.json").Text);
        return
        [
            .. from path in document.RootElement.GetProperty("paths").EnumerateObject()
               from operation in path.Value.EnumerateObject()
               let statuses = operation.Value.GetProperty("responses").EnumerateObject().Select(static response => response.Name)
               select new Operation(operation.Name.ToUpperInvariant(), path.Name, [.. statuses]),
        ];
    }

    // The members of a cluster outlive this class: a line run twice has another key.
    private static string NextName() => Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture)[..8];

    private sealed record Operation(string Method, string Template, IReadOnlyList<string> Statuses)
    {
        public string Route => $"{Method} {Template}";

        public string Path => Template.Replace("{id}", "4711", StringComparison.Ordinal).Replace("{name}", "NOSPACE", StringComparison.Ordinal)
            .Replace("{key}", "nothing", StringComparison.Ordinal).Replace("{prefix}", "nothing", StringComparison.Ordinal);
    }
}
