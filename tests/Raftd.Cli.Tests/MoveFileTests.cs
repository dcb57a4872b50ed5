using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Raftd.Cli.Moving;
using Raftd.Testing;
using Raftd.Testing.Disks;

namespace Raftd.Cli.Tests;

/// <summary><c>raftd export</c>, and <c>raftd import</c> of files, between members in this process.</summary>
public sealed class MoveFileTests : IAsyncDisposable
{
    private static readonly Regex Numbers =
        new("\"(create_revision|mod_revision|version)\":\"[0-9]*\",", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _folder = new();
    private readonly StringWriter _error = new();
    private readonly List<TlsMember> _members = [];
    private readonly HttpClient _http = new();

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members)
        {
            await member.DisposeAsync();
        }

        _http.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Export_ThenImport_MakesTheSameKeysAndLeases()
    {
        var (from, to) = (await StartAsync("from"), await StartAsync("to"));
        var random = new Random(1);
        var large = new byte[3_000_000];
        random.NextBytes(large);
        await PutAsync(from, "/key/large", large);
        await PutAsync(from, "/key/control", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("\0\u0001\"\\\n", 100_000))));
        await PutAsync(from, "/key/?key64=_wAB", [0xff, 0]);
        await PutAsync(from, "/key/empty", []);
        for (var number = 0; number < 300; number++)
        {
            await PutAsync(from, $"/key/many/{number}", Encoding.UTF8.GetBytes($"value {number}"));
        }

        await PutAsync(from, "/key/limited?ttl=600", "a key with a time limit of its own"u8.ToArray());
        var service = await TextAsync(from, HttpMethod.Post, "/lease/grant?ttl=300&name=/esq/node-1");
        await TextAsync(from, HttpMethod.Post, $"/lease/keepalive/{service}?key=nodeinfo", """{"port":1}""");
        var lonely = await TextAsync(from, HttpMethod.Post, "/lease/grant?ttl=200&name=lonely");

        Assert.Equal(ExitCode.Ok, await ImportAsync(to, await ExportAsync(from)));
        Assert.Contains("306 written, 0 were there already, 3 leases", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal(await ItemsAsync(from), await ItemsAsync(to));
        Assert.Equal(large, await _http.GetByteArrayAsync($"http://{to.Address}/key/large"));
        Assert.Equal("""[{"port":1}]""", await TextAsync(to, HttpMethod.Get, "/lease/kv/nodeinfo?prefix=/esq/node"));
        foreach (var (id, granted) in ((string, int)[])[(service, 300), (lonely, 200)])
        {
            Assert.Contains($"\"granted_ttl\":{granted}", await TextAsync(to, HttpMethod.Get, $"/lease/timetolive/{id}"), StringComparison.Ordinal);
        }

        Assert.Equal(ExitCode.Ok, await ImportAsync(to, await ExportAsync(from)));
        Assert.Contains("0 written, 306 were there already, 3 leases", _error.ToString(), StringComparison.Ordinal);
    }

    /// <summary>A lease of two seconds stands while the import waits for its next line, with its key.</summary>
    [Fact]
    public async Task Import_OfALeaseShorterThanTheImport_KeepsItUntilTheEnd()
    {
        var to = await StartAsync("to");
        byte[] head = [.. ExportLines.Head("1", 5), .. ExportLines.Lease(new MovedLease(77, Name: "", GrantedTtl: 2, Ttl: 1))];
        var keys = """
            {"key":"a","value":"one","lease":"77"}
            {"key":"b","value":"two","lease":"77"}

            """u8.ToArray();
        var end = ExportLines.End(2, 1, Convert.ToHexStringLower(SHA256.HashData([.. head, .. keys])));
        var pipe = new Pipe();
        var import = ImportFromAsync(to, pipe.Reader.AsStream());
        await pipe.Writer.WriteAsync(head);
        await Until.TrueAsync(
            "the lease is granted", Limit, async () => (await _http.GetAsync($"http://{to.Address}/lease/timetolive/77")).IsSuccessStatusCode);
        await Task.Delay(TimeSpan.FromSeconds(4)); // the time that passes is the matter of the test
        await pipe.Writer.WriteAsync((byte[])[.. keys, .. end]);
        await pipe.Writer.CompleteAsync();
        Assert.Equal(ExitCode.Ok, await import);
        await Until.TrueAsync(
            "the lease counts once the import has ended", Limit, async () => (await _http.GetAsync($"http://{to.Address}/key/b")).StatusCode == HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Import_OfAKeyThatIsThereWithAnotherValue_EndsUnlessItMayOverwrite()
    {
        var (from, to) = (await StartAsync("from"), await StartAsync("to"));
        await PutAsync(from, "/key/a", "new"u8.ToArray());
        await PutAsync(from, "/key/b", "new"u8.ToArray());
        await PutAsync(from, "/key/large", new byte[2_000_000]);
        await PutAsync(to, "/key/b", "old"u8.ToArray());
        var file = await ExportAsync(from);
        Assert.Equal(ExitCode.StartFailed, await ImportAsync(to, file));
        Assert.Contains("the target has the key 'b' with another value; 0 keys were written before it", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal("old", await TextAsync(to, HttpMethod.Get, "/key/b"));

        Assert.Equal(ExitCode.Ok, await ImportAsync(to, file, "-overwrite"));
        Assert.Equal(await ItemsAsync(from), await ItemsAsync(to));
        await PutAsync(to, "/key/large", new byte[2_000_001]);
        Assert.Equal(ExitCode.StartFailed, await ImportAsync(to, file));
        Assert.Contains("the target has the key 'large' with another value", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "the export is cut short: its last line is missing; it has 0 keys")]
    [InlineData(1, "the export is cut short: its last line is missing; it has 0 keys")]
    [InlineData(3, "the export is cut short: its last line is missing; it has 2 keys")]
    public async Task Import_OfAFileCutShort_WritesNothing(int lines, string said)
    {
        var (from, to) = (await StartAsync("from"), await StartAsync("to"));
        await PutAsync(from, "/key/a", "1"u8.ToArray());
        await PutAsync(from, "/key/b", "2"u8.ToArray());
        var file = await ExportAsync(from);
        var whole = await File.ReadAllLinesAsync(file);
        var cut = string.Concat(whole[..lines].Select(static line => line + "\n"));
        await File.WriteAllTextAsync(file, cut);
        Assert.Equal(ExitCode.StartFailed, await ImportAsync(to, file));
        Assert.Contains(said, _error.ToString(), StringComparison.Ordinal);

        // In the middle of a line.
        await File.WriteAllTextAsync(file, cut + whole[lines][..^1]);
        Assert.Equal(ExitCode.StartFailed, await ImportAsync(to, file));
        Assert.Contains(said, _error.ToString(), StringComparison.Ordinal);
        Assert.Empty(await ItemsAsync(to));
    }

    [Fact]
    public async Task Import_OfADamagedFile_WritesNothing_AndFromStandardInput_SaysHowMuch()
    {
        var (from, to) = (await StartAsync("from"), await StartAsync("to"));
        for (var number = 0; number < 200; number++)
        {
            await PutAsync(from, $"/key/k{number:000}", "value"u8.ToArray());
        }

        var file = await ExportAsync(from);
        var text = await File.ReadAllTextAsync(file);
        await File.WriteAllTextAsync(file, text.Replace("\"k199\",\"value\":\"value\"", "\"k199\",\"value\":\"valuf\"", StringComparison.Ordinal));
        Assert.Equal(ExitCode.StartFailed, await ImportAsync(to, file));
        Assert.Contains("the export is damaged: its last line says 200 keys", _error.ToString(), StringComparison.Ordinal);
        Assert.Empty(await ItemsAsync(to));

        await using var input = File.OpenRead(file);
        Assert.Equal(ExitCode.StartFailed, await ImportFromAsync(to, input));
        Assert.Contains("; 128 keys were imported before", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal(128, (await ItemsAsync(to)).Count);
    }

    /// <summary>As `consul kv export` writes it: an array over several lines, tabs, base64; a folder is a key with an empty value.</summary>
    [Fact]
    public async Task Import_OfConsul_HasItsKeys_AndSaysThatFlagsWereLeftOut()
    {
        var to = await StartAsync("to");
        var value = new byte[200_000];
        new Random(2).NextBytes(value);
        var file = _folder.At("consul.json");
        await File.WriteAllTextAsync(file, $$"""
            [
            	{
            		"key": "folder/",
            		"flags": 0,
            		"value": ""
            	},
            	{
            		"key": "folder/a \"b\" \u00fc",
            		"flags": 42,
            		"value": "{{Convert.ToBase64String(value)}}"
            	}
            ]

            """);
        Assert.Equal(ExitCode.Ok, await ImportAsync(to, file));
        Assert.Contains("2 written", _error.ToString(), StringComparison.Ordinal);
        Assert.Contains("warning: 1 keys had flags, which raftd does not have: they were left out", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal(value, await _http.GetByteArrayAsync($"http://{to.Address}/key/folder/a%20%22b%22%20%C3%BC"));
        Assert.Equal("", await TextAsync(to, HttpMethod.Get, "/key/folder/"));
    }

    [Theory]
    [InlineData("""[{"key":"a","value":"YQ=="},{"key":"b","va""", "behind its key 1: ")]
    [InlineData("""[{"key":"a","value":"YQ=="}] more""", "behind its key 1: ")]
    [InlineData("""[{"value":"YQ=="}]""", "an entry has no key")]
    [InlineData("""[{"key":"a","value":"Y"}]""", "a value is no base64")]
    [InlineData("""[1]""", "an entry is no object")]
    [InlineData("hello", "line 1 of the export cannot be read")]
    [InlineData("""{"key":"a","value":"1"}""" + "\n", "it is no export: it does not begin as one")]
    [InlineData("""{"format":"raftd-export","version":9}""" + "\n", "the export is of version 9, which this build does not know")]
    public async Task File_ThatCannotBeRead_SaysWhy(string text, string said)
    {
        var file = _folder.At("file");
        await File.WriteAllTextAsync(file, text + "\n");
        Assert.Equal(ExitCode.StartFailed, await RunAsync($"import {file} -endpoint http://127.0.0.1:1"));
        Assert.Contains(said, _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_OfAValueThatTheTargetRefuses_NamesTheKeyAndTheFlag()
    {
        var (from, to) = (await StartAsync("from"), await StartAsync("to", "-max-value-bytes 1MiB"));
        await PutAsync(from, "/key/large", new byte[2_000_000]);
        Assert.Equal(ExitCode.StartFailed, await ImportAsync(to, await ExportAsync(from)));
        Assert.Contains("refused the key 'large' (5 bytes of name and 2000000 of value)", _error.ToString(), StringComparison.Ordinal);
        Assert.Contains("-max-value-bytes", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_WithAPrefix_HasItsKeysAndTheirLeasesAlone()
    {
        var from = await StartAsync("from");
        var id = await TextAsync(from, HttpMethod.Post, "/lease/grant?ttl=300&name=one");
        await TextAsync(from, HttpMethod.Post, "/lease/grant?ttl=300&name=other");
        await PutAsync(from, $"/key/app/%20+?lease={id}", "1"u8.ToArray());
        await PutAsync(from, "/key/apart", "2"u8.ToArray());
        var lines = await File.ReadAllLinesAsync(await ExportAsync(from, "app/"));
        Assert.Equal(4, lines.Length);
        Assert.StartsWith($$"""{"lease":"{{id}}","name":"one","granted_ttl":300,""", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("""{"key":"app/ +","value":"1",""", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("""{"end":true,"keys":1,"leases":1,"sha256":""", lines[3], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("import", "give either a file or --from-etcd")]
    [InlineData("import f -format what", "-format what: must be raftd or consul")]
    [InlineData("import f -follow", "-follow goes with --from-etcd")]
    [InlineData("import f --from-etcd http://a:1", "give either a file or --from-etcd")]
    [InlineData("import --from-etcd a:1", "--from-etcd a:1: is no URL")]
    [InlineData("import -from-etcd http://a:1 -overwrite", "-overwrite goes with a file")]
    [InlineData("import -from-etcd http://a:1 -compare-only -replace", "-replace says nothing beside -compare-only")]
    [InlineData("import -from-etcd http://a:1 -source-cert c", "-source-cert and -source-key go together")]
    [InlineData("import -from-etcd http://a:1 -source-user u", "-source-user u needs RAFTD_SOURCE_PASSWORD or -source-password-file")]
    [InlineData("import -from-etcd http://a:1 -source-user u -source-password-file /none", "-source-password-file /none: Could not find")]
    [InlineData("import -what", "unknown flag -what")]
    [InlineData("import f g", "Unrecognized command or argument 'g'")]
    [InlineData("import f -endpoint http://a,nowhere", "-endpoint nowhere: is no URL")]
    [InlineData("export a b", "Unrecognized command or argument 'b'")]
    [InlineData("export --what", "unknown flag --what")]
    [InlineData("export -cert c", "-cert and -key go together")]
    public void Line_ThatCannotBeRead_SaysWhy(string words, string said)
    {
        var line = CommandLine.Parse(Given.Words(words));
        Assert.Contains(said, line.Error!.What, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, line.Error.Code);
    }

    [Theory]
    [InlineData("export -help", "ExportHelp")]
    [InlineData("import f --help", "ImportHelp")]
    [InlineData("import - -endpoint http://a:1,http://b:1", "Import")]
    [InlineData("import --from-etcd=https://a:1,https://b:1 --follow", "Import")]
    public void Line_HasItsVerb(string words, string verb) =>
        Assert.Equal(verb, CommandLine.Parse(Given.Words(words)).Verb.ToString());

    private async Task<TlsMember> StartAsync(string label, string flags = "")
    {
        var member = TlsMember.Start(label, flags, _folder.At(label));
        _members.Add(member);
        await Until.TrueAsync($"{label} is ready", Limit, async () =>
        {
            try
            {
                return (await _http.GetAsync($"http://{member.Address}/readyz")).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        return member;
    }

    private async Task<string> ExportAsync(TlsMember from, string prefix = "")
    {
        var path = _folder.At("export.jsonl");
        await using var file = File.Create(path);
        _error.GetStringBuilder().Clear();
        var line = CommandLine.Parse(["export", prefix, "-endpoint", $"http://{from.Address}"]);
        var code = await ExportCommand.RunAsync(line.Export!, file, _error);
        Assert.True(code == ExitCode.Ok, _error.ToString());
        return path;
    }

    private Task<ExitCode> ImportAsync(TlsMember to, string file, string flags = "") =>
        RunAsync($"import {file} -endpoint http://{to.Address} {flags}");

    private Task<ExitCode> ImportFromAsync(TlsMember to, Stream input) => RunAsync($"import - -endpoint http://{to.Address}", input);

    private Task<ExitCode> RunAsync(string words, Stream? input = null)
    {
        _error.GetStringBuilder().Clear();
        var line = CommandLine.Parse(Given.Words(words));
        Assert.Null(line.Error);
        return ImportCommand.RunAsync(line.Import!, input ?? Stream.Null, _error);
    }

    private async Task PutAsync(TlsMember member, string target, byte[] value)
    {
        using var answer = await _http.PutAsync($"http://{member.Address}{target}", new ByteArrayContent(value));
        answer.EnsureSuccessStatusCode();
    }

    private async Task<string> TextAsync(TlsMember member, HttpMethod verb, string target, string? body = null)
    {
        using var request = new HttpRequestMessage(verb, $"http://{member.Address}{target}");
        request.Content = body is null ? null : new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        using var answer = await _http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>All keys, with values and leases, and without what differs from store to store.</summary>
    private async Task<List<string>> ItemsAsync(TlsMember member)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{member.Address}/keys");
        request.Headers.Accept.ParseAdd("application/x-ndjson");
        using var answer = await _http.SendAsync(request);
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(static line => Numbers.Replace(line, ""))];
    }
}
