// Service discovery with raftd, to be copied. What it is about: docs/service-discovery.md.
//
//   dotnet run -- register MEMBERS NAME DATA [TTL]         stays listed until it is told to end, by Ctrl-C or SIGTERM
//   dotnet run -- pick MEMBERS PREFIX [COUNT] [--even]     prints COUNT addresses, one a line, by weight
//
// MEMBERS is host:port[,host:port]. --even takes evenly spaced numbers instead of random ones: the shares are exact.

using System.Runtime.InteropServices;
using ServiceDiscovery;

return args switch
{
    ["register", var members, var name, var data] => await RegisterAsync(members, name, data, TimeSpan.FromSeconds(10)),
    ["register", var members, var name, var data, var ttl] when int.TryParse(ttl, out var seconds) && seconds > 0 =>
        await RegisterAsync(members, name, data, TimeSpan.FromSeconds(seconds)),
    ["pick", var members, var prefix] => await PickAsync(members, prefix, 1, even: false),
    ["pick", var members, var prefix, var count] when int.TryParse(count, out var number) =>
        await PickAsync(members, prefix, number, even: false),
    ["pick", var members, var prefix, var count, "--even"] when int.TryParse(count, out var number) =>
        await PickAsync(members, prefix, number, even: true),
    _ => Usage(),
};

static async Task<int> RegisterAsync(string addresses, string name, string data, TimeSpan ttl)
{
    using var stop = new CancellationTokenSource();
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var members = new Members(addresses.Split(','), TimeSpan.FromSeconds(Math.Min(2, ttl.TotalSeconds / 5)));
    await new Registration(members, name, data, ttl).RunAsync(stop.Token);
    return 0;

    // Cancel: the process does not end by itself, but when it has deregistered.
    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
}

static async Task<int> PickAsync(string addresses, string prefix, int count, bool even)
{
    using var members = new Members(addresses.Split(','), TimeSpan.FromSeconds(2));

    // A real client lists once a second or so, and picks from that list for each request.
    var services = await Services.ListAsync(members, prefix);
    for (var turn = 0; turn < count; turn++)
    {
        var number = even ? (turn + 0.5) / count : Random.Shared.NextDouble();
        if (Services.Pick(services, number) is not { } service)
        {
            Console.Error.WriteLine($"no service under {prefix}");
            return 1;
        }

        Console.WriteLine(service.Address);
    }

    return 0;
}

static int Usage()
{
    Console.Error.WriteLine("usage: register MEMBERS NAME DATA [TTL] | pick MEMBERS PREFIX [COUNT] [--even]");
    return 2;
}
