using Raftd.Testing;
using Raftd.Testing.Disks;

namespace Raftd.Cli.Tests;

/// <summary><c>raftd bucket</c>, and -bucket of the commands that move keys. FrontTests has them on real fronts.</summary>
public sealed class BucketCommandTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Member_HasOneBucket_AndSaysSo()
    {
        await using var member = TlsMember.Start("one", "", _folder.At("one"));
        var at = $"-endpoint http://{member.Address}";
        await Until.TrueAsync("it answers", TimeSpan.FromSeconds(60), async () => await RunAsync($"list {at}") == ExitCode.Ok);
        var rows = _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Given.Words).ToArray();
        Assert.Equal("NAME REVISION KEYS LEADER CLUSTER ID", string.Join(' ', rows[0]));
        Assert.Equal(("default", "0"), (rows[1][0], rows[1][2]));
        Assert.Equal(2, rows.Length);
        Assert.Equal(ExitCode.Ok, await RunAsync($"add default {at}"));
        Assert.StartsWith("default is there, cluster id ", _output.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCode.StartFailed, await RunAsync($"add more {at}"));
        Assert.Contains("members have one keyspace", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCode.StartFailed, await RunAsync($"remove more {at}"));
        Assert.Contains("there is no bucket `more`", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCode.StartFailed, await RunAsync($"remove -force default {at}"));
        Assert.Contains("cannot be removed", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "Required command was not provided")]
    [InlineData("add", "Required argument 'name' missing")]
    [InlineData("remove", "Required argument 'name' missing")]
    [InlineData("add Upper", "`Upper` is no name of a bucket: a name has 1 to 63 of the characters a-z, 0-9 and -")]
    [InlineData("add -What", "unknown flag -What")]
    [InlineData("list -endpoint nowhere", "-endpoint nowhere: is no URL")]
    public void Line_ThatCannotBeRead_SaysWhy(string words, string said)
    {
        var line = CommandLine.Parse(["bucket", .. Given.Words(words)]);
        Assert.Contains(said, line.Error!.What, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, line.Error.Code);
    }

    [Fact]
    public void Remove_WithForce_IsAskedFor()
    {
        Assert.True(Assert.IsType<BucketOptions.Remove>(CommandLine.Parse(["bucket", "remove", "-force", "a"]).Buckets).Force);
        Assert.False(Assert.IsType<BucketOptions.Remove>(CommandLine.Parse(["bucket", "remove", "a"]).Buckets).Force);
    }

    [Theory]
    [InlineData("export -bucket team", "team")]
    [InlineData("export", null)]
    public void Export_NamesItsBucket(string words, string? bucket) =>
        Assert.Equal(bucket, CommandLine.Parse(Given.Words(words)).Export!.From[0].Bucket);

    [Fact]
    public void Import_NamesTheBucketOfItsTarget_AndNotOfItsSource()
    {
        var import = Assert.IsType<Moving.ImportOptions.Etcd>(
            CommandLine.Parse(["import", "--from-etcd", "http://127.0.0.1:2379", "-bucket", "team"]).Import);
        Assert.Equal(("team", null), (import.To[0].Bucket, import.From[0].Bucket));
    }

    [Theory]
    [InlineData("export -bucket No", "-bucket: `No` is no name of a bucket")]
    [InlineData("import file -bucket a_b", "-bucket: `a_b` is no name of a bucket")]
    public void Bucket_WhoseNameIsNone_IsRefused(string words, string said) =>
        Assert.Contains(said, CommandLine.Parse(Given.Words(words)).Error!.What, StringComparison.Ordinal);

    [Theory]
    [InlineData("-help")]
    [InlineData("remove -h")]
    public void Help_InAnyPlace_IsHelp(string words) =>
        Assert.Equal(Verb.BucketHelp, CommandLine.Parse(["bucket", .. Given.Words(words)]).Verb);

    private Task<ExitCode> RunAsync(string words)
    {
        _output.GetStringBuilder().Clear();
        _error.GetStringBuilder().Clear();
        var line = CommandLine.Parse(["bucket", .. Given.Words(words)]);
        Assert.Null(line.Error);
        return BucketCommand.RunAsync(line.Buckets!, _output, _error);
    }
}
