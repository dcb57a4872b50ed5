namespace ServiceDiscovery;

/// <summary>Keeps a service listed: grants a lease, renews it in time, and gives it back at the end.</summary>
/// <param name="members">Their limit should be TTL/5 at most, so that three can be asked before the lease is over.</param>
/// <param name="name">The service's name, as /esq/node-1.</param>
/// <param name="data">What others shall know about it: JSON with http_addr and weight.</param>
/// <param name="ttl">How long it stays listed without a renewal.</param>
internal sealed class Registration(Members members, string name, string data, TimeSpan ttl)
{
    /// <summary>The key of the data under the lease. <see cref="Services"/> lists by it.</summary>
    public const string Key = "nodeinfo";

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(300);

    private string? _lease;

    /// <summary>Runs as long as the service does; deregisters when <paramref name="stop"/> is cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                var renewed = await RenewAsync(stop);
                await Task.Delay(renewed ? UntilNextRenewal() : PauseAfterFailure, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await DeregisterAsync();
        }
    }

    /// <summary>Each renewal carries the data: should the key have been deleted, it is set again.</summary>
    private async Task<bool> RenewAsync(CancellationToken stop)
    {
        try
        {
            var isNew = _lease is null;
            _lease ??= await GrantAsync(stop);
            var form = new Dictionary<string, string>(StringComparer.Ordinal) { ["key"] = Key, ["data"] = data };
            var answer = await members.SendAsync(HttpMethod.Post, $"/lease/keepalive/{_lease}", form, stop);
            if (answer.Status == 404)
            {
                // Over: this process was paused or cut off for longer than the TTL. The id never comes back.
                Console.WriteLine($"lease {_lease} is over, granting another");
                _lease = null;
                return false;
            }

            answer.MustBeOk();
            if (isNew)
            {
                Console.WriteLine($"registered {name} with lease {_lease}");
            }

            return true;
        }
        catch (HttpRequestException failure)
        {
            // Not over: a new leader counts the time again, so the same id is renewed as soon as there is one.
            Console.WriteLine($"not renewed, trying again: {failure.Message}");
            return false;
        }
    }

    /// <summary>An answer that is lost leaves a lease without keys behind. It is listed nowhere, and ends by itself.</summary>
    private async Task<string> GrantAsync(CancellationToken stop)
    {
        var target = $"/lease/grant?ttl={ttl.TotalSeconds:0}&name={Uri.EscapeDataString(name)}";
        return (await members.SendAsync(HttpMethod.Post, target, stop: stop)).MustBeOk();
    }

    /// <summary>The service is gone at once, and not when the TTL is over. If no member answers, the TTL ends it.</summary>
    private async Task DeregisterAsync()
    {
        if (_lease is null)
        {
            return;
        }

        try
        {
            var answer = await members.SendAsync(HttpMethod.Delete, $"/lease/{_lease}");
            Console.WriteLine(answer.Status is 200 or 404 ? $"deregistered {name}" : $"not deregistered: {answer}");
        }
        catch (HttpRequestException failure)
        {
            Console.WriteLine($"not deregistered: {failure.Message}");
        }
    }

    /// <summary>A third of the TTL, so that one renewal may be lost; a little earlier each time, and each time differently,
    /// so that a thousand services that were started together do not renew together.</summary>
    private TimeSpan UntilNextRenewal() => ttl / 3 * (1 - (0.2 * Random.Shared.NextDouble()));
}
