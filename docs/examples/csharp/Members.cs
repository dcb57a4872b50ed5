namespace ServiceDiscovery;

/// <summary>The members of the cluster. Any of them answers any request, so one that answers is enough.</summary>
/// <param name="addresses">host:port of some members, better of all.</param>
/// <param name="limit">How long to wait for one member before the next one is asked.</param>
internal sealed class Members(string[] addresses, TimeSpan limit) : IDisposable
{
    private readonly HttpClient _client = new() { Timeout = limit };

    // Stays with the member that answered last: its connection is open.
    private int _current;

    /// <summary>Asks one member after the other, each at most once, until one answers.</summary>
    /// <returns>What any other member would say too.</returns>
    /// <exception cref="HttpRequestException">No member can answer now. It passes: try again, with the same lease.</exception>
    public async Task<Answer> SendAsync(
        HttpMethod method, string target, Dictionary<string, string>? form = null, CancellationToken stop = default)
    {
        var problem = "";
        for (var tries = 0; tries < addresses.Length; tries++)
        {
            try
            {
                var answer = await SendOnceAsync(method, target, form, stop);
                if (answer.Status is not 429 and < 500)
                {
                    return answer;
                }

                problem = $"{answer.Status} {answer.Text}"; // an election, or this member is cut off from the leader
            }
            catch (Exception lost) when (lost is HttpRequestException or TaskCanceledException && !stop.IsCancellationRequested)
            {
                problem = lost.Message; // refused, cut off, or silent for longer than the limit
            }

            _current = (_current + 1) % addresses.Length;
        }

        throw new HttpRequestException($"no member can answer: {problem}");
    }

    public void Dispose() => _client.Dispose();

    private async Task<Answer> SendOnceAsync(
        HttpMethod method, string target, Dictionary<string, string>? form, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, $"http://{addresses[_current]}{target}");
        request.Content = form is null ? null : new FormUrlEncodedContent(form);
        using var response = await _client.SendAsync(request, stop);
        return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(stop));
    }
}

internal sealed record Answer(int Status, string Text)
{
    /// <summary>The text of a 200. Anything else (400: a bad name, 413: too much data) is a mistake, and stays one.</summary>
    public string MustBeOk() => Status == 200 ? Text : throw new InvalidOperationException($"{Status} {Text}");
}
