// raftd bucket: the keyspaces of a database that fronts serve.

using System.Text.Json;

namespace Raftd.Cli;

internal static class BucketCommand
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);

    public static ExitCode Help(TextWriter stdout)
    {
        stdout.WriteLine(
            $"""
            raftd bucket list
            raftd bucket add NAME
            raftd bucket remove [-force] NAME

            list      the buckets, with their newest revisions, how many keys they have, and who leads them
            add       makes a bucket: a keyspace of its own, whose paths begin with /b/NAME. One that is there stays as it is
            remove    removes a bucket with all that is in it; one that has keys or leases only with -force

            A name has 1 to 63 of the characters a-z, 0-9 and -. Only fronts over a database have more buckets than the one
            called default, which is meant wherever none is named.

            Each asks any front that runs:
            {EndpointFlags.Help}
            """);
        return ExitCode.Ok;
    }

    public static async Task<ExitCode> RunAsync(BucketOptions options, TextWriter stdout, TextWriter stderr)
    {
        try
        {
            using var client = options.Through.Connect();
            switch (options)
            {
                case BucketOptions.Add add:
                    await AddAsync(client, add, stdout);
                    break;
                case BucketOptions.Remove remove:
                    await remove.Through.AskAsync(
                        client, HttpMethod.Delete, $"/buckets/{remove.Name}{(remove.Force ? "?force=1" : "")}", CallLimit);
                    stdout.WriteLine($"removed {remove.Name}");
                    break;
                default:
                    await PrintAsync(client, options.Through, stdout);
                    break;
            }

            return ExitCode.Ok;
        }
        catch (FatalException refused)
        {
            return ProcessEnd.Report(stderr, refused.Error);
        }
    }

    private static async Task AddAsync(HttpClient client, BucketOptions.Add options, TextWriter stdout)
    {
        using var answer = JsonDocument.Parse(await options.Through.AskAsync(client, HttpMethod.Put, $"/buckets/{options.Name}", CallLimit));
        stdout.WriteLine($"{options.Name} is there, cluster id {answer.RootElement.GetProperty("cluster_id").GetString()}");
    }

    private static async Task PrintAsync(HttpClient client, MemberEndpoint through, TextWriter stdout)
    {
        using var answer = JsonDocument.Parse(await through.AskAsync(client, HttpMethod.Get, "/buckets", CallLimit));
        string[][] rows =
        [
            ["NAME", "REVISION", "KEYS", "LEADER", "CLUSTER ID"],
            .. answer.RootElement.GetProperty("buckets").EnumerateArray().Select(CellsOf),
        ];
        foreach (var row in rows)
        {
            var cells = row.Select((cell, at) => cell.PadRight(rows.Max(other => other[at].Length)));
            stdout.WriteLine(string.Join("  ", cells).TrimEnd());
        }
    }

    private static string[] CellsOf(JsonElement bucket)
    {
        return [Text("name"), Text("revision"), bucket.GetProperty("keys").GetRawText(), Text("leader"), Text("cluster_id")];

        string Text(string name) => bucket.GetProperty(name).GetString() ?? "";
    }
}
