using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Routing;

namespace Raftd.Api.Rest;

/// <summary>/: a few lines that say where things are.</summary>
internal sealed class IndexApi(string scheme)
{
    public void Map(IEndpointRouteBuilder rest) => rest.MapGet("/", AnswerAsync)
        .WithTags("Operations")
        .WithTraits(RouteTraits.OfServer)
        .WithSummary("Where things are, as a page for browsers and as text for curl")
        .Answers(200, "the index", ContentTypes.Text);

    private ValueTask AnswerAsync(RestCall call)
    {
        var wantsHtml = call.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
        call.Response.Headers.Vary = "Accept";
        if (!wantsHtml)
        {
            return call.WriteTextAsync(Lines(call));
        }

        call.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
        return call.WriteTextAsync(Page(call), ContentTypes.Html);
    }

    // The address is not the request's Host: that is the client's to choose.
    private string Lines(RestCall call)
    {
        var url = $"{scheme}://{call.Keyspace.Cluster.Status().HttpAddress}";
        return $"""
            raftd

            curl -T - {url}/key/test/a <<< hello     # store
            curl {url}/key/test/a                    # read
            curl -X DELETE {url}/key/test/a          # delete
            curl {url}/status                        # this member
            curl {url}/members                       # all members

            /swagger           every route, to try out
            /openapi/v1.json   the same for programs
            /health /livez /readyz /version

            """;
    }

    private string Page(RestCall call) => $"""
        <!doctype html><html lang="en"><meta charset="utf-8"><title>raftd</title>
        <style>body{"{"}font-family:sans-serif;margin:2em{"}"}</style>
        <p><a href="/swagger">/swagger</a>, every route to try out ·
        <a href="/status">/status</a> · <a href="/members">/members</a> · <a href="/health">/health</a></p>
        <pre>{System.Net.WebUtility.HtmlEncode(Lines(call))}</pre></html>

        """;
}
