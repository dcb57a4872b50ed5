using System.Net;
using System.Text;
using System.Text.Json;

namespace Raftd.Api.Tests;

/// <summary>The document and the page: every route is described, and its examples run.</summary>
public sealed class OpenApiTests(InMemoryHost host) : IClassFixture<InMemoryHost>
{
    private static readonly string[] Methods = ["get", "put", "post", "delete"];

    [Fact]
    public async Task Document_EveryRoute_IsDescribed()
    {
        using var document = await DocumentAsync();
        var described = from path in document.RootElement.GetProperty("paths").EnumerateObject()
                        from operation in path.Value.EnumerateObject()
                        select $"{operation.Name.ToUpperInvariant()} {path.Name}";
        var served = from route in host.Routes
                     from method in route.Methods.Where(method => method != "HEAD")
                     select $"{method} {route.Template.Replace("**", "", StringComparison.Ordinal)}";
        Assert.Equal(served.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
        Assert.Equal("/", document.RootElement.GetProperty("servers")[0].GetProperty("url").GetString());
    }

    /// <summary>Answers without a body among them, which the framework's document leaves out or calls by their status.</summary>
    [Fact]
    public async Task Document_EveryAnswer_SaysWhenItComes()
    {
        using var document = await DocumentAsync();
        var responses = document.RootElement.GetProperty("paths").GetProperty("/key/{key}").GetProperty("put").GetProperty("responses");
        Assert.Equal(
            "200 204 403 404 409 412 413",
            string.Join(' ', responses.EnumerateObject().Select(response => response.Name).Order(StringComparer.Ordinal)));
        Assert.Equal("stored; prev was asked for and there was none", Description("204"));
        Assert.Equal("no such lease", Description("404"));
        Assert.Equal("a Host that is not in -allowed-hosts, or an Origin that is not this member", Description("403"));
        string? Description(string status) => responses.GetProperty(status).GetProperty("description").GetString();
    }

    [Fact]
    public async Task Document_EverySchemaReference_Resolves()
    {
        using var document = await DocumentAsync();
        var text = document.RootElement.GetRawText();
        var schemas = document.RootElement.GetProperty("components").GetProperty("schemas");
        foreach (var reference in text.Split("#/components/schemas/").Skip(1).Select(rest => rest[..rest.IndexOf('"')]))
        {
            Assert.True(schemas.TryGetProperty(reference, out _), reference);
        }

        Assert.Contains("granted_ttl", text, StringComparison.Ordinal);
        Assert.DoesNotContain("GrantedTtl", text, StringComparison.Ordinal);
    }

    /// <summary>In the order of the document, each operation with the parameters that have an example and its body, the way the page
    /// sends them: a slash in a path parameter as %2F.</summary>
    [Fact]
    public async Task Document_EveryExample_Runs()
    {
        using var client = new HttpClient { BaseAddress = host.BaseUrl };
        var template = await DocumentAsync();
        var names = from path in template.RootElement.GetProperty("paths").EnumerateObject()
                    from operation in path.Value.EnumerateObject().Where(item => Methods.Contains(item.Name, StringComparer.Ordinal))
                    select (Path: path.Name, Method: operation.Name);
        foreach (var (path, method) in names.OrderBy(name => Rank(name.Path, name.Method)))
        {
            // Read anew: the example of a lease is one that is alive, and the one before may have been revoked.
            RawHttp.Send(host, "POST", "/lease/grant?ttl=60&name=/esq/node-0");
            using var document = await DocumentAsync();
            var operation = document.RootElement.GetProperty("paths").GetProperty(path).GetProperty(method);
            using var request = RequestOf(path, method, operation);
            using var answer = await client.SendAsync(request);
            Assert.True(
                answer.IsSuccessStatusCode, $"{request.Method} {request.RequestUri}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }

        Assert.Equal(404, RawHttp.Send(host, "GET", "/key/test/a").Status);
    }

    [Fact]
    public async Task Page_Served_HasAPolicyThatItsScriptsMeet()
    {
        using var client = new HttpClient { BaseAddress = host.BaseUrl };
        using var page = await client.GetAsync(new Uri("/swagger", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        var html = await page.Content.ReadAsStringAsync();
        Assert.Contains("swagger-ui", html, StringComparison.Ordinal);
        Assert.Contains("script-src 'self'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        foreach (var script in html.Split("<script").Skip(1))
        {
            Assert.Contains("src=", script[..script.IndexOf('>')], StringComparison.Ordinal);
        }

        foreach (var asset in new[] { "index.js", "swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js" })
        {
            using var answer = await client.GetAsync(new Uri("/swagger/" + asset, UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        var settings = await client.GetStringAsync(new Uri("/swagger/index.js", UriKind.Relative));
        Assert.Contains("/openapi/v1.json", settings, StringComparison.Ordinal);
    }

    /// <summary>Making before reading before ending; the document's own order otherwise.</summary>
    private static int Rank(string path, string method) => (path, method) switch
    {
        ("/lease/revoke/{id}", _) => 2,
        (_, "put") or ("/lease/grant", _) or ("/join", _) => 0,
        (_, "delete") => 3,
        _ => 1,
    };

    private static HttpRequestMessage RequestOf(string path, string method, JsonElement operation)
    {
        var query = new StringBuilder();
        if (operation.TryGetProperty("parameters", out var parameters))
        {
            foreach (var parameter in parameters.EnumerateArray().Where(HasExample))
            {
                var name = parameter.GetProperty("name").GetString()!;
                var value = Uri.EscapeDataString(parameter.GetProperty("example").GetString()!);
                if (parameter.GetProperty("in").GetString() == "path")
                {
                    path = path.Replace($"{{{name}}}", value, StringComparison.Ordinal);
                }
                else
                {
                    query.Append($"{(query.Length == 0 ? '?' : '&')}{name}={value}");
                }
            }
        }

        return new HttpRequestMessage(HttpMethod.Parse(method), new Uri(path + query, UriKind.Relative))
        {
            Content = ContentOf(operation),
        };
    }

    private static bool HasExample(JsonElement parameter) => parameter.TryGetProperty("example", out _);

    private static HttpContent? ContentOf(JsonElement operation)
    {
        if (!operation.TryGetProperty("requestBody", out var body))
        {
            return null;
        }

        var content = body.GetProperty("content").EnumerateObject().First();
        if (content.Name == "application/x-www-form-urlencoded")
        {
            return new FormUrlEncodedContent(
                from field in content.Value.GetProperty("schema").GetProperty("properties").EnumerateObject()
                select KeyValuePair.Create(field.Name, field.Value.GetProperty("examples")[0].GetString()));
        }

        var example = content.Value.GetProperty("example");
        var text = example.ValueKind == JsonValueKind.String ? example.GetString()! : example.GetRawText();
        return new StringContent(text, Encoding.UTF8, content.Name.Split(';')[0]);
    }

    private async Task<JsonDocument> DocumentAsync()
    {
        using var client = new HttpClient { BaseAddress = host.BaseUrl };
        return JsonDocument.Parse(await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)));
    }
}
