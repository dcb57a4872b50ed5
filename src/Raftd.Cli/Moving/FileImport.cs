// An import of a file. A file is read twice: whole, before anything is written, and then again for the keys. Standard input is
// taken as it comes, and what was written until it turned out to be cut short stays; the error says how much that is.

using Google.Protobuf;

namespace Raftd.Cli.Moving;

internal sealed class FileImport(ImportOptions.File options, Remote target, Stream input, Progress progress) : IAsyncDisposable
{
    private const string StandardInput = "-";

    private readonly KeyWriter _keys = new(target, options.Overwrite, progress);
    private readonly LeaseWriter _leases = new(target);

    public async Task RunAsync(CancellationToken stop)
    {
        if (options.Path == StandardInput)
        {
            await ImportAsync(await OpenAsync(input, stop), stop);
            return;
        }

        await using var file = File.OpenRead(options.Path);
        if (!file.CanSeek)
        {
            await ImportAsync(await OpenAsync(file, stop), stop);
            return;
        }

        var first = await OpenAsync(file, stop);
        while (await first.NextAsync(stop) is not null)
        {
            // Each line is checked as it is read.
        }

        file.Position = 0;
        await ImportAsync(await OpenAsync(file, stop), stop);
    }

    /// <summary>The leases begin to count.</summary>
    public ValueTask DisposeAsync() => _leases.DisposeAsync();

    /// <summary>By its first byte that is no blank: an array is Consul's.</summary>
    private async ValueTask<IKeySource> OpenAsync(Stream from, CancellationToken stop)
    {
        var beginning = new PeekedStream(from);
        var format = options.Format ?? (await beginning.PeekAsync(stop) == '[' ? ImportFormat.Consul : ImportFormat.Raftd);
        return format == ImportFormat.Consul ? new ConsulReader(beginning) : new ExportReader(beginning);
    }

    private async Task ImportAsync(IKeySource source, CancellationToken stop)
    {
        try
        {
            await CopyAsync(source, stop);
        }
        catch (MoveException cut) when (_keys.Written > 0 && options.Path == StandardInput)
        {
            throw new MoveException($"{cut.Error.What}; {_keys.Written} keys were imported before", cut.Error.ToDo);
        }

        progress.Say($"imported {progress.Summary}: {_keys.Written} written, {_keys.AlreadyThere} were there already, {_leases.Count} leases");
        if (source.Warning is { } warning)
        {
            progress.Say($"warning: {warning}");
        }
    }

    private async Task CopyAsync(IKeySource source, CancellationToken stop)
    {
        while (await source.NextAsync(stop) is { } item)
        {
            if (item is ExportItem.Lease lease)
            {
                await _leases.GrantAsync(lease.Value, stop);
            }
            else if (item is ExportItem.Key { Value: var key })
            {
                await CopyAsync(key, stop);
            }
        }

        await _keys.FlushAsync(stop);
    }

    private Task CopyAsync(MovedKey key, CancellationToken stop)
    {
        if (_leases.Find(key.Lease) is { Name.Length: > 0 } lease)
        {
            var beginning = ByteString.CopyFromUtf8($"{lease.Name}/{lease.Id}/");
            if (key.Key.Length > beginning.Length && key.Key.Span.StartsWith(beginning.Span))
            {
                return _keys.AddOfServiceAsync(key, ByteString.CopyFrom(key.Key.Span[beginning.Length..]), stop);
            }
        }

        return _keys.AddAsync(key, stop);
    }
}
