// A server, or the members of one cluster, that keys are moved from or to.
//
// Every call here may be made twice: reads; writes that say what a key must be before them, or that write the same again. So a
// call that fails for a reason that passes (no leader, a broken connection, no answer) is made again, at the next address, with
// pauses that grow, until the limit is over. What the server refuses for good goes to the caller.

using System.Diagnostics;
using Google.Protobuf;
using Raftd.Api.Wire;

namespace Raftd.Cli.Moving;

/// <param name="what">`the target` or `the source`, for errors.</param>
/// <param name="endpoints">Addresses of the same cluster.</param>
/// <param name="login">Null where the server asks for none.</param>
internal sealed class Remote(string what, IReadOnlyList<MemberEndpoint> endpoints, Login? login = null) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    /// <summary>How long a call is repeated that fails for a reason that passes.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly HttpClient[] _clients = [.. endpoints.Select(static endpoint => endpoint.Connect())];
    private int _current;
    private string? _token;

    public Uri Url => endpoints[_current % endpoints.Count].Url;

    private HttpClient Client => _clients[_current % _clients.Length];

    /// <exception cref="GrpcFailure">The server refuses for good.</exception>
    /// <exception cref="MoveException">It did not answer within the limit.</exception>
    public async Task<T> CallAsync<T>(string method, IMessage request, MessageParser<T> parser, CancellationToken stop)
        where T : class, IMessage<T> => (await CallManyAsync(method, [request], parser, stop))[0];

    /// <summary>Sends all requests on one stream, and reads as many answers.</summary>
    public Task<List<T>> CallManyAsync<T>(
        string method, IReadOnlyList<IMessage> requests, MessageParser<T> parser, CancellationToken stop)
        where T : class, IMessage<T>
    {
        byte[] body = requests.Count == 1 ? GrpcFrames.Of(requests[0]) : [.. requests.SelectMany(GrpcFrames.Of)];
        return RepeatAsync(
            async limited =>
            {
                var answers = await SendAsync(method, body, await TokenAsync(limited), parser, limited);
                return answers.Count == requests.Count ? answers : throw new EndOfStreamException("the server has answered less than it was asked");
            },
            stop);
    }

    /// <summary>A call of REST. Statuses below 500, but for 429, are answers; the body is read whole.</summary>
    public Task<RestAnswer> RestAsync(HttpMethod verb, string target, byte[]? body, CancellationToken stop, params (string Name, string Value)[] headers) =>
        RepeatAsync(
            async limited =>
            {
                using var request = new HttpRequestMessage(verb, new Uri(Url, target));
                request.Content = body is null ? null : new ByteArrayContent(body);
                foreach (var (name, value) in headers)
                {
                    request.Headers.Add(name, value);
                }

                using var answer = await Client.SendAsync(request, limited);
                var content = await answer.Content.ReadAsByteArrayAsync(limited);
                var read = new RestAnswer((int)answer.StatusCode, answer.Headers, content);
                return read.IsPassing ? throw new HttpRequestException(read.ErrorText) : read;
            },
            stop,
            body?.Length ?? 0);

    /// <summary>An answer of any length, or a stream that both sides write: it is not repeated.</summary>
    public async Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request, CancellationToken stop)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limited.CancelAfter(AnswerLimit);
        return await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limited.Token);
    }

    /// <returns>Null where none is needed.</returns>
    public async Task<string?> TokenAsync(CancellationToken stop)
    {
        if (login is null || _token is not null)
        {
            return _token;
        }

        var request = GrpcFrames.Of(new AuthenticateRequest { Name = login.User, Password = login.Password });
        var answers = await SendAsync("/etcdserverpb.Auth/Authenticate", request, token: null, AuthenticateResponse.Parser, stop);
        return _token = answers[0].Token;
    }

    /// <summary>The next call goes to the next address, and logs in anew.</summary>
    public void Turn()
    {
        _current++;
        _token = null;
    }

    /// <summary>Runs a call until it has an answer.</summary>
    /// <param name="call">May run more than once; its token ends an attempt that is not answered.</param>
    /// <param name="stop">Ends it all.</param>
    /// <param name="bodyBytes">Of the request: a large one has more time.</param>
    public async Task<T> RepeatAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken stop, long bodyBytes = 0)
    {
        var began = Stopwatch.GetTimestamp();
        var pause = FirstPause;
        while (true)
        {
            using var limited = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limited.CancelAfter(AnswerLimit + TimeSpan.FromSeconds(bodyBytes >> 16));
            try
            {
                return await call(limited.Token);
            }
            catch (Exception failure) when (!stop.IsCancellationRequested && IsPassing(failure))
            {
                if (Stopwatch.GetElapsedTime(began) > Limit)
                {
                    throw new MoveException(
                        $"{what} at {Url} has not answered for {Limit.TotalSeconds:0} s ({Words(failure)})",
                        "look at it, then give the same command again: it goes on where it was");
                }
            }

            Turn();
            await Task.Delay(pause, stop);
            pause = pause * 2 > LongestPause ? LongestPause : pause * 2;
        }
    }

    public static bool IsPassing(Exception failure) => failure switch
    {
        GrpcFailure refused => refused.IsPassing || refused.IsOldToken,
        HttpRequestException or IOException or OperationCanceledException => true,
        _ => false,
    };

    public static string Words(Exception failure) => failure switch
    {
        OperationCanceledException => "it is silent",
        { InnerException: { } inner } => $"{failure.Message} {inner.Message}",
        _ => failure.Message,
    };

    public void Dispose()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }
    }

    private async Task<List<T>> SendAsync<T>(string method, byte[] body, string? token, MessageParser<T> parser, CancellationToken stop)
        where T : class, IMessage<T>
    {
        using var request = GrpcFrames.RequestTo(Url, method, new ByteArrayContent(body), token);
        using var answer = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        await using var content = await answer.Content.ReadAsStreamAsync(stop);
        var answers = new List<T>();
        while (await GrpcFrames.ReadAsync(content, parser, stop) is { } message)
        {
            answers.Add(message);
        }

        GrpcFrames.RequireSuccess(answer);
        return answers;
    }
}
