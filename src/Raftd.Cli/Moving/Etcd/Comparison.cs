using Raftd.Api.Wire;

namespace Raftd.Cli.Moving.Etcd;

/// <summary>Holds the target against the source, each at one revision: keys, values and leases.</summary>
internal sealed class Comparison(Remote source, Remote target, KeyRange range, Progress progress)
{
    private const int Shown = 20;

    private readonly Dictionary<long, bool> _hasEnded = [];

    public long Keys { get; private set; }

    public long Differences { get; private set; }

    /// <summary>Keys that are gone at the target because their lease has ended there.</summary>
    public long Ended { get; private set; }

    /// <param name="sourceRevision">What is compared with the target as it is now.</param>
    public async Task RunAsync(long sourceRevision, CancellationToken stop)
    {
        var head = await range.HeadAsync(target, stop);
        var sources = new KeyPages(source, range, sourceRevision, keysOnly: false, stop);
        var targets = new KeyPages(target, range, head.Header.Revision, keysOnly: false, stop);
        await foreach (var pair in KeyPair.OfAsync(sources, targets, stop))
        {
            Keys += pair.Source is null ? 0 : 1;
            if (await DifferenceAsync(pair, stop) is { } difference && ++Differences <= Shown)
            {
                progress.Say($"differs: {MovedKey.NameOf((pair.Source ?? pair.Target)!.Key)} {difference}");
            }
        }

        var ended = Ended == 0 ? "" : $", {Ended} of them gone at the target, where their leases have ended";
        progress.Say($"compared {Keys} keys of source revision {sourceRevision}{ended}: {Differences} differences");
    }

    private async ValueTask<string?> DifferenceAsync(KeyPair pair, CancellationToken stop)
    {
        if (pair is { Source: { } there, Target: { } here })
        {
            return there.Value != here.Value ? $"has {there.Value.Length} bytes at the source, and other {here.Value.Length} at the target"
                : there.Lease != here.Lease ? $"has the lease {there.Lease} at the source, and {here.Lease} at the target"
                : null;
        }

        if (pair.Source is not { } missing)
        {
            return "is at the target alone";
        }

        if (missing.Lease == 0 || !await HasEndedAsync(missing.Lease, stop))
        {
            return "is not at the target";
        }

        Ended++;
        return null;
    }

    private async ValueTask<bool> HasEndedAsync(long lease, CancellationToken stop)
    {
        if (!_hasEnded.TryGetValue(lease, out var ended))
        {
            var answer = await target.CallAsync(
                EtcdMethods.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = lease }, LeaseTimeToLiveResponse.Parser, stop);
            ended = answer.TTL <= 0;
            _hasEnded[lease] = ended;
        }

        return ended;
    }
}
