using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Raftd.Api.Tests.Behaviours;

/// <summary>One line of the REST contract: a route, a status that it answers with, and the requests that bring it about.</summary>
/// <param name="Route">As the OpenAPI document names it, with the method before it.</param>
/// <param name="Status">Of the last request; those before it succeed.</param>
/// <param name="Requests">Each <c>METHOD target + Header: value &lt; body</c>. <c>$key</c> is a key of the line's own, <c>$2.revision</c>
/// the revision that the second request was answered with, <c>$1.body</c> the body of the first answer, <c>$1.member_id</c> a field of
/// its JSON. One that begins with <c>&amp;</c> goes to the member that was asked before, which for a stream has to have applied what it is
/// about; every other one goes to the next member.</param>
public sealed partial record RouteCase(string Route, int Status, params string[] Requests)
{
    /// <summary>A request that takes back what the last one left for other lines.</summary>
    public string? After { get; init; }

    /// <summary>What fronts over a database answer the first request with instead, because they do not have what it asks for; null where
    /// they answer all of them as members do.</summary>
    public int? AtFronts { get; init; }

    public override string ToString() => $"{Route} {Status}: {Requests[^1]}";

    /// <summary>Of an error whose code is another one than most of its status have.</summary>
    public string? Code { get; init; }

    /// <param name="key">Of this line alone.</param>
    /// <param name="send">Whether it goes to the member before, method, target, headers, body.</param>
    /// <param name="isAtFronts">Who is asked are fronts over a database.</param>
    /// <returns>The answer to the last request.</returns>
    internal RawAnswer Ask(string key, Func<bool, string, string, string, byte[]?, RawAnswer> send, bool isAtFronts)
    {
        string[] requests = isAtFronts && AtFronts is not null ? Requests[..1] : After is null ? Requests : [.. Requests, After];
        var answers = new List<RawAnswer>();
        foreach (var request in requests)
        {
            Assert.True(
                answers.Count == Requests.Length || answers is not [.., { Status: >= 300 }],
                $"{this}: before it, {answers.LastOrDefault()?.Text}");
            var bodyAt = request.IndexOf(" < ", StringComparison.Ordinal);
            var parts = Fill((bodyAt < 0 ? request : request[..bodyAt]).TrimStart('&'), key, answers).Split(" + ");
            var body = bodyAt < 0 ? null : Encoding.UTF8.GetBytes(Fill(request[(bodyAt + 3)..], key, answers));
            var verb = parts[0].Split(' ', 2);
            answers.Add(send(request.StartsWith('&'), verb[0], verb[1], string.Concat(parts.Skip(1).Select(static header => header + "\r\n")), body));
        }

        return answers[Math.Min(requests.Length, Requests.Length) - 1];
    }

    private static string Fill(string text, string key, List<RawAnswer> answers) => Earlier().Replace(
        text.Replace("$key", key, StringComparison.Ordinal),
        match =>
        {
            var answer = answers[int.Parse(match.Groups["answer"].Value) - 1];
            return match.Groups["what"].Value switch
            {
                "revision" => answer.Header("X-Raftd-Revision")!,
                "body" => answer.Text,
                var field => JsonElement.Parse(answer.Text).GetProperty(field).ToString(),
            };
        });

    [GeneratedRegex(@"\$(?<answer>[1-9])\.(?<what>[a-z_]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Earlier();
}
