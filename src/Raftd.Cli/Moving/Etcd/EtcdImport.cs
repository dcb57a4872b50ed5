// An import from a running etcd.
//
// The naive way reads the keys page by page and puts them: the pages are of different moments, a lease ends during the copy, a
// crash begins at nothing, and a compaction breaks it off. Here:
//
// 1. The revision R of the source is taken once, and all pages are read as of R. Keys go without leases (LeaseSettling says why).
//    Source and target are walked side by side, and the target is made equal: at first it is empty, and everything is put; in a
//    later run what is there is passed over.
// 2. With -follow every change behind R is applied, until the switch, which is then the revision R.
// 3. The keys that have leases at R get them, with the time that they have left then.
// 4. Both sides are compared, key by key.
//
// Before the first write a file says of what import the target's keys are (ImportState); after a crash the next run goes on from
// it. If R is compacted under way, a new R is taken and step 1 done again: it also deletes what R has not any more.

using System.Diagnostics;
using Google.Protobuf;
using Raftd.Api.Wire;

namespace Raftd.Cli.Moving.Etcd;

internal sealed class EtcdImport(ImportOptions.Etcd options, Remote source, Remote target, Progress progress)
{
    private const int MaxRounds = 5;
    private const string GoesOn = "give the same command again: it goes on where it was";

    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(1);

    private readonly KeyRange _range = KeyRange.OfPrefix(ByteString.CopyFromUtf8(options.Prefix));
    private ImportState _state = null!;
    private long _savedAt;

    /// <param name="switching">Cancelled by the operator: the switch, while changes are followed; the end, before that.</param>
    public async Task RunAsync(CancellationToken switching)
    {
        var (from, to) = (await HeadAsync(source), await HeadAsync(target));
        if (from.Header.ClusterId == to.Header.ClusterId)
        {
            throw new MoveException("the source and the target are the same cluster", "check --from-etcd and -endpoint");
        }

        if (options.CompareOnly)
        {
            RequireNone(await CompareAsync(from.Header.Revision), "the lines above name them");
            return;
        }

        _state = await LoadAsync(from, to);
        for (var round = 1; await TryRoundAsync(round, switching) is { } why; round++)
        {
            var now = (await HeadAsync(source)).Header.Revision;
            progress.Say($"{why}: begins anew with source revision {now}");
            Enter(ImportPhase.Copy, now);
        }

        File.Delete(options.State);
        progress.Say(options.Follow
            ? $"switched: all up to source revision {_state.Revision} is here; what is written there from now on is not copied"
            : $"imported {progress.Summary}");
    }

    /// <returns>Null when all is done, else why another round is needed.</returns>
    private async Task<string?> TryRoundAsync(int round, CancellationToken switching)
    {
        try
        {
            var differences = await RunPhasesAsync(switching);
            if (differences > 0 && options.Follow && round == 1)
            {
                return "what was followed is not all that there is";
            }

            RequireNone(differences, "something else writes to the target: stop it, delete the -state file, and import again with -replace");
            return null;
        }
        catch (GrpcFailure compacted) when (compacted.IsCompacted && round < MaxRounds)
        {
            return $"the source has compacted its revision {_state.Revision}";
        }
    }

    private Task<RangeResponse> HeadAsync(Remote of) => _range.HeadAsync(of, CancellationToken.None);

    private async Task<ImportState> LoadAsync(RangeResponse from, RangeResponse to)
    {
        if (ImportState.Load(options.State) is { } state)
        {
            RequireSame(state, from, to);
            progress.Say($"goes on from {options.State}: {state.Phase} at source revision {state.Revision}");
            return state;
        }

        if (!options.Replace)
        {
            await RequireEmptyAsync(to);
        }

        state = new ImportState(
            ImportState.KnownVersion, from.Header.ClusterId, to.Header.ClusterId, System.Text.Encoding.UTF8.GetBytes(options.Prefix),
            ImportPhase.Copy, from.Header.Revision, []);
        state.Save(options.State);
        progress.Say($"copies source revision {from.Header.Revision}: {from.Count} keys");
        return state;
    }

    private void RequireSame(ImportState state, RangeResponse from, RangeResponse to)
    {
        if (state.SourceCluster != from.Header.ClusterId || state.TargetCluster != to.Header.ClusterId
            || !state.Prefix.AsSpan().SequenceEqual(System.Text.Encoding.UTF8.GetBytes(options.Prefix)))
        {
            throw new MoveException(
                $"{options.State} is of an import between other clusters, or of another -prefix", "name another file with -state");
        }
    }

    /// <summary>Nothing of the target may be in the way: it is deleted, where the source does not have it.</summary>
    private async Task RequireEmptyAsync(RangeResponse to)
    {
        if (to.Count > 0)
        {
            throw new MoveException(
                $"the target has {to.Count} keys already, {MovedKey.NameOf(to.Kvs[0].Key)} the first of them; nothing was changed",
                $"import into an empty cluster, or give -replace to delete what the source does not have; an import that was broken off needs its -state file");
        }

        var leases = (await LeasesAsync(target)).ToHashSet();
        leases.IntersectWith(await LeasesAsync(source));
        if (leases.Count > 0)
        {
            throw new MoveException($"the target has the lease {leases.First():x} of the source already; nothing was changed", "revoke it there");
        }
    }

    private static async Task<IEnumerable<long>> LeasesAsync(Remote of)
    {
        var answer = await of.CallAsync(EtcdMethods.LeaseLeases, new LeaseLeasesRequest(), LeaseLeasesResponse.Parser, CancellationToken.None);
        return answer.Leases.Select(static lease => lease.ID);
    }

    private async Task<long> RunPhasesAsync(CancellationToken switching)
    {
        if (_state.Phase == ImportPhase.Copy)
        {
            await CopyAsync(switching);
            Enter(options.Follow ? ImportPhase.Follow : ImportPhase.Settle, _state.Revision);
        }

        if (_state.Phase == ImportPhase.Follow)
        {
            await FollowAsync(switching);
            Enter(ImportPhase.Settle, _state.Revision);
        }

        var settling = new LeaseSettling(source, target, _range, _state.Revision);
        await settling.RunAsync(withOthers: options.Prefix.Length == 0, CancellationToken.None);
        progress.Say($"gave {settling.Keys} keys their leases, {settling.Leases} in all, with the time that is left of them");
        return await CompareAsync(_state.Revision);
    }

    private async Task CopyAsync(CancellationToken stop)
    {
        var last = ByteString.CopyFrom(_state.LastKey);
        var rest = last.IsEmpty ? _range : _range.Behind(last);
        var sources = new KeyPages(source, rest, _state.Revision, keysOnly: false, stop);
        var targets = new KeyPages(target, rest, revision: 0, keysOnly: false, stop);
        var writer = new ChangeWriter(target, progress, "copied");
        try
        {
            await foreach (var pair in KeyPair.OfAsync(sources, targets, stop))
            {
                await MakeEqualAsync(pair, writer, stop);
                if (IsTimeToSave())
                {
                    await writer.FlushAsync(stop);
                    Save(_state with { LastKey = (pair.Source ?? pair.Target)!.Key.ToByteArray() });
                }
            }

            await writer.FlushAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw new MoveException("stopped before everything was copied", GoesOn);
        }
    }

    /// <summary>A lease that the target has given already, in an earlier round, may stay.</summary>
    private static Task MakeEqualAsync(KeyPair pair, ChangeWriter writer, CancellationToken stop) => pair switch
    {
        { Source: null } => writer.AddAsync(new Change(pair.Target!.Key, Value: null), stop),
        { Target: { } here } when here.Value == pair.Source.Value && (here.Lease == 0 || here.Lease == pair.Source.Lease) => Task.CompletedTask,
        _ => writer.AddAsync(new Change(pair.Source.Key, pair.Source.Value), stop),
    };

    private async Task FollowAsync(CancellationToken switching)
    {
        progress.Say(options.Follow
            ? $"follows from source revision {_state.Revision + 1}: stop the clients of the source, then send SIGINT (Ctrl-C) to switch"
            : $"takes what has changed behind source revision {_state.Revision}, and switches");
        using var following = new Following(source, target, _range, _state.Revision, progress);
        await following.RunAsync(SaveSometimes, options.Follow ? switching : new CancellationToken(canceled: true));
        _state = _state with { Revision = following.Applied };
    }

    private void SaveSometimes(long applied)
    {
        _state = _state with { Revision = applied };
        if (IsTimeToSave())
        {
            Save(_state);
        }
    }

    /// <returns>How many keys differ.</returns>
    private async Task<long> CompareAsync(long revision)
    {
        var comparison = new Comparison(source, target, _range, progress);
        await comparison.RunAsync(revision, CancellationToken.None);
        return comparison.Differences;
    }

    private static void RequireNone(long differences, string toDo)
    {
        if (differences > 0)
        {
            throw new MoveException($"the target differs from the source in {differences} keys", toDo);
        }
    }

    private void Enter(ImportPhase phase, long revision) =>
        Save(_state with { Phase = phase, Revision = revision, LastKey = [] });

    private bool IsTimeToSave() => Stopwatch.GetElapsedTime(_savedAt) >= SaveInterval;

    private void Save(ImportState state)
    {
        _state = state;
        _savedAt = Stopwatch.GetTimestamp();
        state.Save(options.State);
    }
}
