// raftd member: who is in a cluster that has its majority, and how one that is gone makes place for another.
//
// The one that is gone is removed first, and the new one joins afterwards. The other order adds a voter while one is dead: of
// three it makes four, of which three are needed, and the death of any other member, the new one included, stops the cluster.
// Removing first needs no more voters at any moment than were needed before. The new one is a learner until it has the state, and
// a learner counts for no majority (Raft thesis 4.2.1).

using System.Text.Json;

namespace Raftd.Cli;

internal static class MemberCommand
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(3);

    public static ExitCode Help(TextWriter stdout)
    {
        stdout.WriteLine(
            $"""
            raftd member list
            raftd member remove MEMBER
            raftd member replace MEMBER NEW-ID

            list      the members, and which of them answer
            remove    takes MEMBER, a label or a number, out of the cluster for good; its directory is of no use any more
            replace   for a member whose machine is gone: removes it, and prints how NEW-ID is started in its place. NEW-ID may
                      be the label that the former had. A member that still answers is not replaced

            Each asks any member that runs:
            {EndpointFlags.Help}

            A cluster that has lost more than half of its voters cannot remove any: 'raftd recover -help'.
            """);
        return ExitCode.Ok;
    }

    public static async Task<ExitCode> RunAsync(MemberOptions options, TextWriter stdout, TextWriter stderr)
    {
        try
        {
            using var client = options.Through.Connect();
            var members = await MembersAsync(client, options.Through);
            switch (options)
            {
                case MemberOptions.Remove remove:
                    await RemoveAsync(client, remove.Through, Find(members, remove.Member), stdout);
                    break;
                case MemberOptions.Replace replace:
                    await ReplaceAsync(client, replace, members, stdout);
                    break;
                default:
                    await PrintAsync(client, members, stdout);
                    break;
            }

            return ExitCode.Ok;
        }
        catch (FatalException refused)
        {
            return ProcessEnd.Report(stderr, refused.Error);
        }
    }

    private static async Task<IReadOnlyList<ListedMember>> MembersAsync(HttpClient client, MemberEndpoint through)
    {
        using var answer = JsonDocument.Parse(await through.AskAsync(client, HttpMethod.Get, "/members", CallLimit));
        return [.. answer.RootElement.GetProperty("members").EnumerateArray().Select(ListedMember.Read)];
    }

    private static ListedMember Find(IReadOnlyList<ListedMember> members, string name) =>
        members.FirstOrDefault(member => member.Id == name) ?? members.FirstOrDefault(member => member.Label == name)
        ?? throw Refused($"there is no member {name}", "'raftd member list' lists them");

    private static async Task RemoveAsync(HttpClient client, MemberEndpoint through, ListedMember member, TextWriter stdout)
    {
        await through.AskAsync(client, HttpMethod.Delete, $"/members/{member.Id}", CallLimit);
        stdout.WriteLine($"removed {member.Name}, {member.Id}");
    }

    private static async Task ReplaceAsync(
        HttpClient client, MemberOptions.Replace options, IReadOnlyList<ListedMember> members, TextWriter stdout)
    {
        var former = Find(members, options.Member);
        var others = members.Where(member => member != former).ToList();
        if (others.Any(member => member.Label == options.By))
        {
            throw Refused($"{options.By} is another member of this cluster", "choose a new label");
        }

        if (await ProbeAsync(client, former) is var found && found != Probe.Silent)
        {
            throw Refused(
                $"{former.Name} still answers, and nothing was changed",
                $"start {options.By} with -join first, wait until it votes ('raftd member list'), and then 'raftd member remove {former.Name}'");
        }

        await RemoveAsync(client, options.Through, former, stdout);
        var joined = string.Join(',', others.Where(static member => member.HasStarted).Select(static member => member.Clients));
        stdout.WriteLine("start the new one with an empty directory, and with the flags of the others:");
        stdout.WriteLine($"  raftd -id {options.By} -haddr HOST:PORT -raddr HOST:PORT -join {joined} DIR");
        stdout.WriteLine("it is a learner until it has the state, and votes then by itself; 'raftd member list' shows it");
    }

    private static async Task PrintAsync(HttpClient client, IReadOnlyList<ListedMember> members, TextWriter stdout)
    {
        var probes = await Task.WhenAll(members.Select(member => ProbeAsync(client, member)));
        string[][] rows =
        [
            ["LABEL", "ROLE", "STATE", "CLIENTS", "PEERS", "ID"],
            .. members.Zip(probes, static (member, probe) =>
                (string[])[member.Name, member.Role, TextOf(probe), member.Clients, member.Peers, member.Id]),
        ];
        foreach (var row in rows)
        {
            var cells = row.Select((cell, at) => cell.PadRight(rows.Max(other => other[at].Length)));
            stdout.WriteLine(string.Join("  ", cells).TrimEnd());
        }
    }

    private static async Task<Probe> ProbeAsync(HttpClient client, ListedMember member)
    {
        if (!member.HasStarted)
        {
            return Probe.Silent;
        }

        using var limit = new CancellationTokenSource(ProbeLimit);
        try
        {
            using var answer = await client.GetAsync(new Uri($"{member.Url}/readyz"), limit.Token);
            return answer.IsSuccessStatusCode ? Probe.Ready : Probe.NotReady;
        }
        catch (Exception silent) when (silent is HttpRequestException or OperationCanceledException)
        {
            return Probe.Silent;
        }
    }

    private static string TextOf(Probe probe) => probe switch
    {
        Probe.Ready => "ready",
        Probe.NotReady => "unready",
        _ => "silent",
    };

    private static FatalException Refused(string what, string toDo) => new(new FatalError(ExitCode.StartFailed, what, toDo));

    /// <summary>What a member says when it is asked by itself.</summary>
    private enum Probe
    {
        Silent,
        NotReady,
        Ready,
    }

    /// <summary>As GET /members has it.</summary>
    private sealed record ListedMember(string Id, string Label, string Role, string Clients, string Peers, string Url)
    {
        /// <summary>False for one that was added by its peer address and that no directory has joined as.</summary>
        public bool HasStarted => Label.Length > 0;

        public string Name => HasStarted ? Label : Id;

        public static ListedMember Read(JsonElement member)
        {
            string Text(string name) => member.GetProperty(name).GetString() ?? "";
            var leads = member.TryGetProperty("leader", out var leader) && leader.ValueKind == JsonValueKind.True;
            var role = leads ? "leader" : member.GetProperty("learner").GetBoolean() ? "learner" : "voter";
            return new ListedMember(Text("id"), Text("label"), role, Text("http_addr"), Text("raft_addr"), Text("url"));
        }
    }
}
