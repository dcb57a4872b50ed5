// raftd export: keys and leases as lines of JSON, all as they were at one revision.
//
// The member streams its list, and nothing is kept here but the ids of leases. What a reader may not take for a whole export
// lacks its last line.

using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Raftd.Cli.Moving;

internal static class ExportCommand
{
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromMinutes(1);

    public static ExitCode Help(TextWriter stdout)
    {
        stdout.WriteLine(
            $"""
            raftd export [PREFIX] [-bucket NAME] [-endpoint URL[,URL]] [-cacert FILE] [-cert FILE -key FILE]

            Writes the keys that begin with PREFIX, or all, to standard output, with their leases: lines of JSON, all of one
            revision, which 'raftd import' reads. Writes go on meanwhile. The last line has the number of keys and a digest;
            an export without it is cut short.

              {EndpointFlags.BucketHelp}
              -endpoint URL    {MemberEndpoint.Variable}, or {MemberEndpoint.Default}, if not given; several are members of one cluster
              -cacert FILE     the CA of a member with TLS; -cert and -key where it asks for a certificate
            """);
        return ExitCode.Ok;
    }

    public static Task<ExitCode> RunAsync(ExportOptions options, Stream output, TextWriter stderr) => MoveEnd.OfAsync(
        stderr,
        async () =>
        {
            using var from = new Remote("the member", options.From);
            var progress = new Progress(stderr, TimeProvider.System);
            await new Export(from, options.Prefix, output, progress).RunAsync();
            progress.Say($"exported {progress.Summary}");
        });

    private sealed class Export(Remote from, string prefix, Stream output, Progress progress)
    {
        private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly Dictionary<long, MovedLease> _listed = [];
        private readonly HashSet<long> _written = [];

        public async Task RunAsync()
        {
            var members = await GetAsync("/members");
            using var answer = await from.RepeatAsync(BeginAsync, CancellationToken.None);
            await WriteAsync(ExportLines.Head(members.RootElement.GetProperty("cluster_id").GetString()!, RevisionOf(answer)));
            await ListLeasesAsync();
            try
            {
                await KeysAsync(await answer.Content.ReadAsStreamAsync());
            }
            catch (Exception cut) when (cut is HttpRequestException or HttpIOException or OperationCanceledException)
            {
                throw new MoveException($"{from.Url} broke the list off: {Remote.Words(cut)}", "what was written is not whole: export again");
            }

            await OtherLeasesAsync();
            var end = ExportLines.End(progress.Keys, _written.Count, Convert.ToHexStringLower(_digest.GetHashAndReset()));
            await output.WriteAsync(end);
            await output.FlushAsync();
        }

        private static long RevisionOf(HttpResponseMessage answer) =>
            long.Parse(answer.Headers.GetValues("X-Raftd-Revision").First(), CultureInfo.InvariantCulture);

        private async Task<HttpResponseMessage> BeginAsync(CancellationToken stop)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(from.Url, $"/keys?prefix={Uri.EscapeDataString(prefix)}"));
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/x-ndjson"));
            var answer = await from.OpenAsync(request, stop);
            if (answer.IsSuccessStatusCode)
            {
                return answer;
            }

            var refused = new RestAnswer((int)answer.StatusCode, answer.Headers, await answer.Content.ReadAsByteArrayAsync(stop));
            answer.Dispose();
            throw refused.IsPassing
                ? new HttpRequestException(refused.ErrorText)
                : new MoveException($"{from.Url} refused: {refused.ErrorText}", "check PREFIX and -endpoint");
        }

        private async Task KeysAsync(Stream list)
        {
            var lines = new LineReader(list, SilenceLimit);
            while (await lines.NextAsync(CancellationToken.None) is { } line)
            {
                switch (ExportLines.Parse(line.Span))
                {
                    case ExportItem.Key key:
                        await RequireLeaseAsync(key.Value.Lease);
                        await WriteAsync(line);
                        progress.Add("exported", keys: 1, bytes: line.Length);
                        break;
                    case ExportItem.Failure failure:
                        throw new MoveException(
                            $"{from.Url} broke the list off: {failure.Text}", "what was written is not whole: export again");
                    default:
                        throw new MoveException($"{from.Url} sent a line that is no key", "is it a raftd? check -endpoint");
                }
            }
        }

        private async Task ListLeasesAsync()
        {
            using var list = await GetAsync("/leases");
            foreach (var lease in list.RootElement.GetProperty("leases").EnumerateArray().Select(LeaseOf))
            {
                _listed[lease.Id] = lease;
            }
        }

        /// <summary>Those that no key has, where all is exported.</summary>
        private async Task OtherLeasesAsync()
        {
            foreach (var id in prefix.Length == 0 ? _listed.Keys.Order() : Enumerable.Empty<long>())
            {
                await RequireLeaseAsync(id);
            }
        }

        /// <summary>The lease's line, if it has not been written. One that has ended since the revision has nothing left.</summary>
        private async Task RequireLeaseAsync(long id)
        {
            if (id != 0 && _written.Add(id))
            {
                await WriteAsync(ExportLines.Lease(_listed.TryGetValue(id, out var lease) ? lease : await FindLeaseAsync(id)));
            }
        }

        /// <summary>That of a key with a time limit of its own stands in no list.</summary>
        private async Task<MovedLease> FindLeaseAsync(long id)
        {
            var answer = await from.RestAsync(HttpMethod.Get, $"/lease/timetolive/{id}", body: null, CancellationToken.None);
            if (answer.Status == 404)
            {
                return new MovedLease(id, Name: "", GrantedTtl: 1, Ttl: 0);
            }

            using var json = answer.Json();
            return LeaseOf(json.RootElement);
        }

        private static MovedLease LeaseOf(JsonElement json) => new(
            long.Parse(json.GetProperty("id").GetString()!, CultureInfo.InvariantCulture),
            json.GetProperty("name").GetString()!,
            json.GetProperty("granted_ttl").GetInt64(),
            json.GetProperty("ttl").GetInt64());

        private async Task<JsonDocument> GetAsync(string target)
        {
            var answer = await from.RestAsync(HttpMethod.Get, target, body: null, CancellationToken.None);
            return answer.Status == 200
                ? answer.Json()
                : throw new MoveException($"{from.Url} refused {target}: {answer.ErrorText}", "is it a raftd? check -endpoint");
        }

        private async Task WriteAsync(ReadOnlyMemory<byte> line)
        {
            _digest.AppendData(line.Span);
            await output.WriteAsync(line);
        }
    }
}
