using System.Text.RegularExpressions;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests;

/// <summary>What an acknowledged write costs and what it is worth, counted by the kernel: one fdatasync of the log, ended
/// before the answer begins.</summary>
public sealed partial class SyncCountTests : ClusterTest
{
    private const string Strace = "/usr/bin/strace";
    private const int Writes = 50;

    [Fact]
    public async Task Write_Acknowledged_HasOneFdatasyncBeforeIt()
    {
        Assert.SkipUnless(File.Exists(Strace), $"{Strace} is not installed");
        var trace = Scene.PathOf("trace");
        var member = Scene.AddMember("node01", TestCluster.SmallFiles);

        // -D: the member is the process that was started, and strace its grandchild.
        member.Prefix = [Strace, "-D", "-f", "-y", "-qq", "-s", "200", "-e", "trace=fdatasync,sendto,sendmsg", "-o", trace];
        await member.Start().ReadyAsync();

        // The entry that raises a new cluster's feature level has a sync of its own, a moment after the start.
        var newest = await LevelBuilds.KnownByAsync(Scene, [Checkout.Launcher]);
        await Until.TrueAsync("the newest feature level", TimeSpan.FromSeconds(30), async () => (await member.StatusAsync()).FeatureLevel == newest);
        for (var write = 0; write < Writes; write++)
        {
            Assert.Equal(200, (await member.PutAsync($"/key/{write}", "value")).Status);
        }

        Assert.Equal(0, await member.StopAsync());
        List<int> syncs = [];
        await Until.TrueAsync("strace has written all of it", TimeSpan.FromSeconds(30), () =>
        {
            syncs = SyncsBeforeAnswers(File.ReadLines(trace));
            return syncs.Count >= Writes;
        });
        Print($"{syncs.Count} acknowledged writes, {syncs.Sum()} syncs of the log");
        Assert.Equal(Writes, syncs.Count);
        Assert.All(syncs.Skip(1), count => Assert.Equal(1, count));
        Assert.InRange(syncs[0], 1, int.MaxValue); // and those of the start
    }

    /// <returns>For each answer to a write, the syncs of the log that ended since the one before.</returns>
    private static List<int> SyncsBeforeAnswers(IEnumerable<string> trace)
    {
        var answers = new List<int>();
        var waiting = new HashSet<string>(StringComparer.Ordinal); // threads within a sync of the log
        var syncs = 0;
        foreach (var line in trace)
        {
            var thread = line.Split(' ', 2)[0];
            if (LogSync().IsMatch(line))
            {
                if (line.EndsWith("= 0", StringComparison.Ordinal))
                {
                    syncs++;
                }
                else
                {
                    waiting.Add(thread);
                }
            }
            else if (line.Contains("fdatasync resumed", StringComparison.Ordinal) && waiting.Remove(thread))
            {
                syncs++;
            }
            else if (AnswerToAWrite().IsMatch(line))
            {
                answers.Add(syncs);
                syncs = 0;
            }
        }

        return answers;
    }

    [GeneratedRegex(@"fdatasync\(\d+<[^>]*\.wal>", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LogSync();

    [GeneratedRegex(@"send(to|msg)\(.*HTTP/1\.1 200 OK.*X-Raftd-Revision", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AnswerToAWrite();
}
