// A thousand watches of the etcd API at real members or fronts, while writers change what they watch, history is compacted ten times
// a second, and one ill after the other befalls those who serve them: no event is lost, repeated, out of order or split.
//
// What happened is known from several sources that check each other (TrueHistory). Each watch is held to it as it goes along
// (HeldWatch), so what must be remembered is what one round brings.

using System.Diagnostics;
using System.Globalization;
using Raftd.Api.Wire;
using Raftd.Cluster.Tests.Chaos.Ills;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;

namespace Raftd.Cluster.Tests.Chaos.Watching;

internal sealed class WatchChaos(TestCluster cluster, Action<string> print)
{
    private const int Clients = 125;
    private const int WatchesOfClient = 8;

    // One watch of everything for so many clients.
    private const int ClientsForEverything = 12;
    private const int AnswersBetweenIlls = 300;

    /// <param name="isEnough">Asked behind each round.</param>
    /// <param name="round">The ills of one.</param>
    public async Task RunAsync(Func<Havoc, bool> isEnough, Func<Havoc, WatchedLoad, Ill[]> round)
    {
        print($"seed {Seed.Value}");
        using var connections = new Connections(cluster.Members);
        var start = await connections.ReadAsync(group: 0, Compactor.Everything(revision: 0), CancellationToken.None);
        var truth = new TrueHistory(start!);
        await using var load = new WatchedLoad(connections, truth, Seed.Value);
        var havoc = new Havoc(cluster, () => load.Answered, AnswersBetweenIlls, new Random(Seed.Value));
        var compactor = new Compactor(connections, truth, Seed.Value);
        var clients = Enumerable.Range(0, Clients).Select(number => ClientOf(number, connections, truth)).ToArray();
        using var ended = new CancellationTokenSource();
        var watching = clients.Select(client => Task.Run(() => client.RunAsync(ended.Token))).ToList();
        var started = Stopwatch.GetTimestamp();
        while (!isEnough(havoc))
        {
            await StrikeAsync(havoc, load, compactor, watching, round(havoc, load));
            await SettleAsync(cluster, connections, truth, clients, watching);
        }

        await ended.CancelAsync();
        await Task.WhenAll(watching);
        Report(clients, compactor, load, havoc, Stopwatch.GetElapsedTime(started));
    }

    private static WatchingClient ClientOf(int number, Connections connections, TrueHistory truth)
    {
        var random = Seed.RandomOf(Seed.Value, number);
        var watches = Enumerable.Range(0, WatchesOfClient).Select(at => new HeldWatch(
            truth,
            WatchShape.Draw(random, everything: at == 0 && number % ClientsForEverything == 0),
            string.Create(CultureInfo.InvariantCulture, $"watch {number}/{at}")));
        return new WatchingClient(connections, truth, [.. watches], number, Seed.Value);
    }

    /// <summary>One round of ills under load.</summary>
    private static async Task StrikeAsync(Havoc havoc, WatchedLoad load, Compactor compactor, List<Task> watching, Ill[] ills)
    {
        using var rest = new CancellationTokenSource();
        load.Start();
        var compacting = Task.Run(() => compactor.RunAsync(rest.Token));
        await Task.WhenAny([havoc.RunAsync(ills), compacting, .. watching]).Unwrap();
        await rest.CancelAsync();
        await compacting;
        await load.StopAsync();
    }

    /// <summary>Nothing changes any more: each watch must come to the newest revision, and to what the members hold.</summary>
    private static async Task SettleAsync(
        TestCluster cluster, Connections connections, TrueHistory truth, WatchingClient[] clients, List<Task> watching)
    {
        await cluster.ReadyAsync();
        await cluster.SameStateAsync();
        var newest = await Until.SomeAsync("the leases end", Havoc.Limit, () => RestAsync(connections));
        var all = clients.SelectMany(static client => client.Watches).ToList();
        await CaughtUpAsync(all, newest.Header.Revision, watching);
        for (var member = 0; member < connections.Members; member++)
        {
            var request = Compactor.Everything(revision: 0);
            request.Serializable = true;
            var answer = await connections.Of(group: 0, member).CallAsync("/etcdserverpb.KV/Range", request, RangeResponse.Parser);
            truth.CheckState(newest.Header.Revision, ((RangeResponse)answer.Response!).Kvs, hasValues: true);
        }

        all.ForEach(watch => watch.CheckState(newest.Kvs));
        truth.Forget(newest.Header.Revision);
    }

    private static async Task CaughtUpAsync(List<HeldWatch> watches, long revision, List<Task> watching)
    {
        try
        {
            await Until.TrueAsync($"all watches come to revision {revision}", Havoc.Limit, async () =>
            {
                await Task.WhenAll(watching.Where(static client => client.IsFaulted));
                return watches.TrueForAll(watch => watch.HeldTo >= revision);
            });
        }
        catch (TimeoutException late)
        {
            var behind = watches.Where(watch => watch.HeldTo < revision).ToList();
            throw new TimeoutException($"{late.Message}; {behind.Count} have not: {string.Join('\n', behind.Take(3))}", late);
        }
    }

    /// <returns>All keys, once no lease has any.</returns>
    private static async Task<RangeResponse?> RestAsync(Connections connections)
    {
        var all = await connections.ReadAsync(group: 0, Compactor.Everything(revision: 0), CancellationToken.None);
        return all!.Kvs.Any(static version => version.Lease != 0) ? null : all;
    }

    private void Report(WatchingClient[] clients, Compactor compactor, WatchedLoad load, Havoc havoc, TimeSpan time)
    {
        var watches = clients.SelectMany(static client => client.Watches).ToList();
        print($"{havoc.Ills} ills, {havoc.Kills} kills, {load.Answered} writes acknowledged and {compactor.Compactions} compactions in {time.TotalSeconds:0} s");
        print($"{watches.Count} watches on {Clients} streams at a time: {watches.Sum(static watch => watch.Events)} events, "
            + $"{clients.Sum(static client => client.Streams)} streams broken, {watches.Sum(static watch => watch.Gaps)} told that they are compacted, "
            + $"{watches.Sum(static watch => watch.Fragments)} fragments, {watches.Sum(static watch => watch.PreviousGone)} versions before gone, "
            + $"{Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB at most in the tests' process");
    }
}
