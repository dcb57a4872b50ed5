using System.Net;
using Raftd.Contract;

namespace Raftd.Api.Tests;

/// <summary>Large values and those who read them slowly, or not at all.</summary>
public sealed class SlowReaderTests
{
    private const int Mebi = 1 << 20;
    private const int LargeBytes = 32 * Mebi;
    private const string Target = "/key/large.bin";

    private static readonly byte[] Large = Random(LargeBytes);

    /// <summary>Readers that stand still are cut off after a minute: later than these tests need.</summary>
    private static readonly ApiOptions Patient = new() { MinTransferBytesPerSecond = 1024 };

    [Fact]
    public async Task Readers_OfOneValue_ShareIt()
    {
        await using var host = await InMemoryHost.StartAsync(Patient, new ManualClock());
        Put(host, Large);
        using var readers = new Connections(host, count: 20);
        readers.Each(reader => reader.SendRequest("GET", Target));
        await InMemoryHost.EventuallyAsync(() => host.Services.Keyspaces.Default.Values.ReaderCount, 20, "readers");
        Assert.Equal((LargeBytes, 1), (host.Services.Answers.UsedBytes, host.Store.LargeValuesRead));

        // A part of the value takes part, too.
        using var part = RawHttp.Connect(host);
        part.SendRequest("GET", Target, "Range: bytes=1048576-\r\n");
        await InMemoryHost.EventuallyAsync(() => host.Services.Keyspaces.Default.Values.ReaderCount, 21, "readers");
        Assert.Equal((LargeBytes, 1), (host.Services.Answers.UsedBytes, host.Store.LargeValuesRead));

        Assert.Equal(Large, readers[0].ReadAnswer().Body);
        Assert.Equal(Large[Mebi..], part.ReadAnswer().Body);
        await InMemoryHost.EventuallyAsync(() => host.Services.Keyspaces.Default.Values.ReaderCount, 19, "readers");
        Assert.Equal(LargeBytes, host.Services.Answers.UsedBytes);
        readers.Dispose();
        await host.AllAnswersAreReleasedAsync();
    }

    /// <summary>32 MiB at 64 KiB/s take 512 s, and ten more are granted.</summary>
    [Fact]
    public async Task Reader_OverHttp2_ThatStops_IsCutOff()
    {
        var clock = new ManualClock();
        await using var host = await InMemoryHost.StartAsync(new ApiOptions(), clock);
        Put(host, Large);
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.BaseUrl, Target))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await InMemoryHost.EventuallyAsync(() => (host.Services.Keyspaces.Default.Values.ReaderCount, clock.TimerCount), (1, 1), "readers, timers");
        clock.Advance(TimeSpan.FromSeconds(521));
        Assert.Equal(LargeBytes, host.Services.Answers.UsedBytes);
        clock.Advance(TimeSpan.FromSeconds(1));
        await host.AllAnswersAreReleasedAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Readers_OfTwoVersions_ShareNothing()
    {
        await using var host = await InMemoryHost.StartAsync(Patient, new ManualClock());
        Put(host, Large);
        using var slow = RawHttp.Connect(host);
        slow.SendRequest("GET", Target);
        await InMemoryHost.EventuallyAsync(() => host.Services.Keyspaces.Default.Values.ReaderCount, 1, "readers");
        var newer = Random(5000);
        Put(host, newer);
        Assert.Equal(newer, RawHttp.Send(host, "GET", Target).Body);
        Assert.Equal(Large, slow.ReadAnswer().Body);
        await host.AllAnswersAreReleasedAsync();
    }

    [Theory]
    [InlineData("HEAD", "", 200, "33554432")]
    [InlineData("HEAD", "Range: bytes=0-9\r\n", 206, "10")]
    [InlineData("HEAD", "If-None-Match: *\r\n", 304, null)]
    [InlineData("GET", "If-None-Match: *\r\n", 304, null)]
    [InlineData("GET", "If-Match: \"1\"\r\n", 412, null)]
    [InlineData("GET", "Range: bytes=33554432-\r\n", 416, null)]
    public async Task Answer_WithoutTheValue_NeverReadsIt(string method, string headers, int status, string? length)
    {
        // No room for the value: what does not need it does not pay for it.
        await using var host = await InMemoryHost.StartAsync(Patient, new ManualClock());
        Put(host, Large);
        using var held = host.Services.Answers.Hold(host.Services.Answers.LimitBytes);
        var answer = RawHttp.Send(host, method, Target, headers);
        Assert.Equal(status, answer.Status);
        Assert.Equal(length, status < 300 ? answer.Header("Content-Length") : null);
        Assert.Equal(0, host.Store.LargeValuesRead);
    }

    [Fact]
    public async Task Answers_BeyondTheirBudget_Are429()
    {
        await using var host = await InMemoryHost.StartAsync(Patient, new ManualClock());
        Put(host, Large);
        RawHttp.Send(host, "PUT", "/key/small", body: new byte[4096]);
        var held = host.Services.Answers.Hold(host.Services.Answers.LimitBytes - LargeBytes + 1);
        var refused = RawHttp.Send(host, "GET", Target);
        Assert.Equal((429, "1"), (refused.Status, refused.Header("Retry-After")));
        Assert.Null(refused.Header("ETag"));
        Assert.Equal(200, RawHttp.Send(host, "GET", "/key/small").Status);
        Assert.Equal(0, host.Store.LargeValuesRead);
        held.Dispose();
        Assert.Equal(Large, RawHttp.Send(host, "GET", Target).Body);
        await host.AllAnswersAreReleasedAsync();
    }

    /// <summary>The kernel takes some megabytes for it. It is cut off when that, at the least rate, and the grace are over.</summary>
    [Fact]
    public async Task Reader_ThatStops_IsCutOff()
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions { MinTransferBytesPerSecond = LargeBytes });
        Put(host, Large);
        using var connection = RawHttp.Connect(host);
        connection.SendRequest("GET", Target);
        await InMemoryHost.EventuallyAsync(() => host.Services.Answers.UsedBytes, LargeBytes, "answers");
        await host.AllAnswersAreReleasedAsync();
        Assert.True(connection.ReadToTheEnd() < LargeBytes, "the whole value was sent to a reader that stands still");
    }

    [Fact]
    public async Task Readers_ThatComeTogether_LoadOnce()
    {
        await using var host = await InMemoryHost.StartAsync(Patient, new ManualClock());
        Put(host, Large);
        using var gate = new ManualResetEventSlim();
        host.Store.BeforeRange = request =>
        {
            if (request.MaxValueBytes == int.MaxValue)
            {
                gate.Wait();
            }
        };
        using var readers = new Connections(host, count: 4);
        readers.Each(reader => reader.SendRequest("GET", Target));
        await InMemoryHost.EventuallyAsync(() => host.Services.Keyspaces.Default.Values.ReaderCount, 4, "readers");
        gate.Set();
        readers.Each(reader => Assert.Equal(Large, reader.ReadAnswer().Body));
        Assert.Equal(1, host.Store.LargeValuesRead);
    }

    [Fact]
    public async Task Load_ThatFailed_IsNotKept()
    {
        await using var host = await InMemoryHost.StartAsync(Patient, new ManualClock());
        Put(host, Large);
        host.Store.BeforeRange = request =>
        {
            if (request.MaxValueBytes == int.MaxValue)
            {
                throw new StoreException(ErrorCode.NotReady, "not now");
            }
        };
        Assert.Equal(503, RawHttp.Send(host, "GET", Target).Status);
        await host.AllAnswersAreReleasedAsync();
        host.Store.BeforeRange = _ => { };
        Assert.Equal(200, RawHttp.Send(host, "GET", Target).Status);
    }

    /// <summary>Between the look at the version and the load the key is overwritten, and the version compacted away.</summary>
    [Fact]
    public async Task Version_CompactedBeforeTheLoad_IsReadAgain()
    {
        await using var host = await InMemoryHost.StartAsync(Patient, new ManualClock());
        var first = Put(host, Large).Header("X-Raftd-Revision");
        var newer = Random(LargeBytes);
        var isDone = false;
        Action change = () => Put(host, newer);
        host.Store.BeforeRange = request =>
        {
            if (request.MaxValueBytes == int.MaxValue && !isDone)
            {
                isDone = true;
                change();
                host.Store.Compact(host.Store.Revision);
            }
        };
        Assert.Equal(newer, RawHttp.Send(host, "GET", Target).Body);
        Assert.Equal(410, RawHttp.Send(host, "GET", $"{Target}?rev={first}").Status);

        // And where there is none any more, nothing speaks of the one that was. The reader before lets go of its value a moment after
        // it was read: a second one would take part in that, and load nothing.
        await host.AllAnswersAreReleasedAsync();
        isDone = false;
        change = () => RawHttp.Send(host, "DELETE", Target);
        var missing = RawHttp.Send(host, "GET", $"{Target}?default=none");
        Assert.Equal(("none", null), (missing.Text, missing.Header("ETag")));
        await host.AllAnswersAreReleasedAsync();
    }

    [Fact]
    public async Task Get_OldRevisionOrWait_AnswersLargeValues()
    {
        await using var host = await InMemoryHost.StartAsync(Patient, new ManualClock());
        var first = Put(host, Large).Header("X-Raftd-Revision");
        Put(host, Random(5000));
        Assert.Equal(Large, RawHttp.Send(host, "GET", $"{Target}?rev={first}").Body);
        Assert.Equal(5000, RawHttp.Send(host, "GET", $"{Target}?wait=30s&after={first}").Body.Length);
        Assert.Equal("5000", RawHttp.Send(host, "HEAD", $"{Target}?wait=30s&after={first}").Header("Content-Length"));
    }

    [Fact]
    public async Task Put_PrevOfALargeValue_IsCountedBeforeItPuts()
    {
        await using var host = await InMemoryHost.StartAsync(Patient, new ManualClock());
        var first = Put(host, Large).Header("ETag");
        using (host.Services.Answers.Hold(host.Services.Answers.LimitBytes))
        {
            Assert.Equal(429, RawHttp.Send(host, "PUT", Target + "?prev=1", body: [1]).Status);
            Assert.Equal(first, RawHttp.Send(host, "HEAD", Target).Header("ETag"));
            Assert.Equal(204, RawHttp.Send(host, "PUT", "/key/new?prev=1", body: [1]).Status);
        }

        using var slow = RawHttp.Connect(host);
        slow.SendRequest("PUT", Target + "?prev=1", body: [1]);
        await InMemoryHost.EventuallyAsync(() => host.Services.Answers.UsedBytes, LargeBytes, "answers");
        Assert.Equal(Large, slow.ReadAnswer().Body);
        await host.AllAnswersAreReleasedAsync();
    }

    [Fact]
    public async Task LeasedKeys_InOneListing_AreBoundedAndCounted()
    {
        await using var host = await InMemoryHost.StartAsync(Patient with { MaxListingBytes = 20 * Mebi }, new ManualClock());
        var lease = RawHttp.Send(host, "POST", "/lease/grant?ttl=600&name=/svc/a").Text;
        Assert.Equal(200, RawHttp.Send(host, "POST", $"/lease/keepalive/{lease}?key=one", body: new byte[16 * Mebi]).Status);
        using var slow = RawHttp.Connect(host);
        slow.SendRequest("GET", "/lease/kv/*?prefix=/svc");
        await InMemoryHost.EventuallyAsync(() => host.Services.Answers.UsedBytes > 2 * 16 * Mebi, true, "answers are counted");
        using (host.Services.Answers.Hold(host.Services.Answers.LimitBytes - host.Services.Answers.UsedBytes))
        {
            Assert.Equal(429, RawHttp.Send(host, "GET", "/lease/kv/*?prefix=/svc").Status);
        }

        slow.Dispose();
        await host.AllAnswersAreReleasedAsync();
        RawHttp.Send(host, "POST", $"/lease/keepalive/{lease}?key=two", body: new byte[8 * Mebi]);
        var refused = RawHttp.Send(host, "GET", "/lease/kv/*?prefix=/svc");
        Assert.Equal(413, refused.Status);
        Assert.Contains("the listing has more than 20971520 bytes", refused.Text, StringComparison.Ordinal);
        Assert.Equal(200, RawHttp.Send(host, "GET", "/lease/kv/two?prefix=/svc").Status);
    }

    private static RawAnswer Put(InMemoryHost host, byte[] value)
    {
        var answer = RawHttp.Send(host, "PUT", Target, body: value);
        Assert.Equal(200, answer.Status);
        return answer;
    }

    private static byte[] Random(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
