using System.Security.Cryptography;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;

namespace Raftd.Cluster.Tests;

/// <summary>Data that is not as it was left. A member says so and touches nothing; its peers go on.</summary>
public sealed class DamageTests : ClusterTest
{
    private const int Unanswered = 0;
    private const int IdentityRefused = 13;
    private const int LogCorrupt = 21;
    private const int StateCorrupt = 22;

    [Fact]
    public async Task FlippedByteBelowWhatIsSynced_IsNoticed_AndNothingIsChanged()
    {
        var (cluster, member, load) = await WrittenAsync();
        var segment = Directory.GetFiles(Path.Combine(member.DataDirectory, "wal"), "*.wal").Order(StringComparer.Ordinal).First();
        var bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        var used = Array.FindLastIndex(bytes, value => value != 0) + 1;
        bytes[used / 2] ^= 0x10;
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);

        await EndsUntouchedAsync(member, LogCorrupt, Path.GetFileName(segment));
        await GoesOnAsync(cluster, member, load);
    }

    [Fact]
    public async Task DamagedIdentity_IsNoticed_AndNothingIsChanged()
    {
        var (cluster, member, load) = await WrittenAsync();
        var file = Path.Combine(member.DataDirectory, "member.json");
        var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        foreach (var damaged in (string[])["", "{", text[..(text.Length / 2)], "[]", "null", text.Replace("\"", "", StringComparison.Ordinal)])
        {
            await File.WriteAllTextAsync(file, damaged, TestContext.Current.CancellationToken);
            await EndsUntouchedAsync(member, LogCorrupt, "member.json");
        }

        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        member.Start();
        await cluster.ReadyAsync();
        await load.VerifyAsync(member);
    }

    [Fact]
    public async Task DamagedState_IsNoticed_AndNothingIsChanged()
    {
        var (cluster, member, load) = await WrittenAsync();
        var file = Path.Combine(member.DataDirectory, "state", "data.mdb");
        using (var state = new FileStream(file, FileMode.Open, FileAccess.ReadWrite))
        {
            // Both meta pages: there is no older state to go back to.
            state.Write(new byte[8192]);
        }

        await EndsUntouchedAsync(member, StateCorrupt, "state");
        await GoesOnAsync(cluster, member, load);
    }

    [Fact]
    public async Task State_RottenValue_IsServedToNoClientAndNoMember()
    {
        var (cluster, member, load) = await WrittenAsync();
        var value = RandomNumberGenerator.GetBytes(100_000);
        var other = cluster.Except(member).First();
        Assert.Equal(200, (await other.PutAsync("/key/rotten", value)).Status);
        member.Start();
        await cluster.ReadyAsync();
        var file = Path.Combine(member.DataDirectory, "state", "data.mdb");
        await IsFlushedAsync(value, file);

        // A value stands in the file before the flush that brings it is committed; killed then, the member writes it anew,
        // in another place. The next flush begins after that commit.
        var later = RandomNumberGenerator.GetBytes(100_000);
        Assert.Equal(200, (await other.PutAsync("/key/later", later)).Status);
        await IsFlushedAsync(later, file);
        await member.KillAsync();
        Flip(file, PlaceOf(value, file) + 20);

        // The value is too large to be kept in memory, so only the read meets it.
        member.Start();
        await cluster.ReadyAsync();
        Assert.Contains(await StatusOfAsync(member.GetAsync("/key/rotten?level=stale")), (int[])[503, Unanswered]);
        Assert.Equal(StateCorrupt, await member.EndAsync());
        Assert.Matches("^raftd: revision .* is not what was stored: .*remove this member", member.LastLine);
        Assert.Equal(value, (await other.GetAsync("/key/rotten")).Body);
        await GoesOnAsync(cluster, member, load);
        Assert.Equal(value, (await member.GetAsync("/key/rotten?level=stale")).Body);
    }

    /// <summary>The refusal races the end of the process that the read brought about.</summary>
    private static async Task<int> StatusOfAsync(Task<Answer> answer)
    {
        try
        {
            return (await answer).Status;
        }
        catch (HttpRequestException)
        {
            return Unanswered;
        }
    }

    [Fact]
    public async Task Start_LogIsGone_IsRefused()
    {
        var (cluster, member, load) = await WrittenAsync();
        Directory.Delete(Path.Combine(member.DataDirectory, "wal"), recursive: true);
        Assert.Equal(IdentityRefused, await member.Start().EndAsync());
        Assert.Matches("^raftd: .*its log is gone: .*remove", member.LastLine);
        await GoesOnAsync(cluster, member, load);
    }

    [Fact]
    public async Task Start_TornTail_IsMendedByThePeers()
    {
        var (cluster, member, load) = await WrittenAsync();
        var segment = Directory.GetFiles(Path.Combine(member.DataDirectory, "wal"), "*.wal").Order(StringComparer.Ordinal)
            .Last(path => File.ReadAllBytes(path).AsSpan(4096).ContainsAnyExcept((byte)0));
        var bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        var used = Array.FindLastIndex(bytes, value => value != 0) + 1;
        Array.Clear(bytes, used - 20, 20);
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);

        member.Start();
        await cluster.ReadyAsync();
        await load.VerifyAsync(member);
        await cluster.SameStateAsync();
    }

    private static Task IsFlushedAsync(byte[] value, string path) =>
        Until.TrueAsync("the value is in the state", TimeSpan.FromSeconds(30), () => PlaceOf(value, path) >= 0);

    /// <summary>Of some bytes in the middle of the value, in a file that another process may be writing; -1 for nowhere.</summary>
    private static long PlaceOf(byte[] value, string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes.AsSpan().IndexOf(value.AsSpan(50_000, 40));
    }

    private static void Flip(string path, long place)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = place;
        var octet = file.ReadByte();
        file.Position = place;
        file.WriteByte((byte)(octet ^ 0x10));
    }

    /// <summary>Three members with data, one of them killed.</summary>
    private async Task<(TestCluster, Member, Load)> WrittenAsync()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        var load = new Load(cluster.Members);
        await load.MoreAsync(200);
        await load.StopAsync();
        await cluster.SameStateAsync();
        var member = await cluster.FollowerAsync();
        await member.KillAsync();
        return (cluster, member, load);
    }

    private static async Task EndsUntouchedAsync(Member member, int code, string names)
    {
        var before = Contents(member);
        member.Start();
        Assert.Equal(code, await member.EndAsync());
        Assert.Matches("^raftd: .*" + names + ".*: .*remove this member", member.LastLine);
        Assert.Equal(before, Contents(member));
    }

    /// <summary>Everything but the locks, which say who looked.</summary>
    private static string Contents(Member member) => string.Join('\n', Directory
        .GetFiles(member.DataDirectory, "*", SearchOption.AllDirectories)
        .Where(path => Path.GetFileName(path) is not ("lock.mdb" or "LOCK"))
        .Order(StringComparer.Ordinal)
        .Select(path => $"{path} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))}"));

    /// <summary>The remedy that the line names, carried out.</summary>
    private static async Task GoesOnAsync(TestCluster cluster, Member member, Load load)
    {
        var other = cluster.Except(member).First();
        Assert.Equal(200, (await other.SendAsync(HttpMethod.Delete, $"/members/{member.Label}")).Status);
        Directory.Delete(member.DataDirectory, recursive: true);
        member.Join = other.Address;
        member.Start();
        await cluster.ReadyAsync();
        await load.VerifyAsync(member);
        await cluster.SameStateAsync();
    }
}
