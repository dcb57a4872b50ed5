using System.Security.Cryptography;
using System.Text.Json;

namespace Raftd.Cli.Moving;

/// <summary>Reads an export, and checks that it is whole.</summary>
internal sealed class ExportReader(Stream from) : IKeySource
{
    private readonly LineReader _lines = new(from);
    private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly HashSet<long> _leases = [];
    private long _line;
    private long _keys;

    public string? Warning => null;

    public async ValueTask<ExportItem?> NextAsync(CancellationToken stop)
    {
        while (await _lines.NextAsync(stop) is { } line)
        {
            if (line.Span[^1] != '\n')
            {
                break;
            }

            _line++;
            var item = Parse(line.Span);
            if (_line == 1)
            {
                RequireHead(item);
            }
            else if (item is ExportItem.End end)
            {
                RequireEnd(end, await _lines.NextAsync(stop) is null);
                return null;
            }
            else
            {
                Count(item);
                _digest.AppendData(line.Span);
                return item;
            }

            _digest.AppendData(line.Span);
        }

        throw new MoveException(
            $"the export is cut short: its last line is missing; it has {_keys} keys until there", "export again");
    }

    private static void RequireHead(ExportItem item)
    {
        if (item is not ExportItem.Head head)
        {
            throw new MoveException("it is no export: it does not begin as one", "give a file of 'raftd export', or of 'consul kv export'");
        }

        if (head.Version != ExportLines.Version)
        {
            throw new MoveException($"the export is of version {head.Version}, which this build does not know", "import it with a newer build");
        }
    }

    private void Count(ExportItem item)
    {
        switch (item)
        {
            case ExportItem.Key { Value: var key } when key.Lease == 0 || _leases.Contains(key.Lease):
                _keys++;
                break;
            case ExportItem.Lease lease:
                _leases.Add(lease.Value.Id);
                break;
            default:
                throw Damaged("it is out of place");
        }
    }

    private void RequireEnd(ExportItem.End end, bool isLast)
    {
        var digest = Convert.ToHexStringLower(_digest.GetHashAndReset());
        if (!isLast || end.Keys != _keys || end.Leases != _leases.Count || end.Digest != digest)
        {
            throw new MoveException(
                $"the export is damaged: its last line says {end.Keys} keys, {end.Leases} leases and sha256 {end.Digest}; "
                + $"it has {_keys}, {_leases.Count} and {digest}{(isLast ? "" : ", and more lines behind it")}",
                "export again");
        }
    }

    private ExportItem Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return ExportLines.Parse(line);
        }
        catch (Exception foreign) when (foreign is JsonException or InvalidOperationException or FormatException)
        {
            throw Damaged(foreign.Message);
        }
    }

    private MoveException Damaged(string why) => new($"line {_line} of the export cannot be read: {why}", "give a whole file of 'raftd export'");
}
