namespace Raftd.Api.Tests;

/// <summary>/alarms and /compact: what they ask of the store, and what a person reads.</summary>
public sealed class OperationApiTests
{
    [Fact]
    public async Task Alarms_RaisedAndDisarmed_SayTheirCauseAndWhatEndsThem()
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        Assert.Equal("""{"alarms":[]}""", RawHttp.Send(host, "GET", "/alarms").Text);
        const string Raised =
            """{"alarms":[{"name":"NOSPACE","cause":"operator","hint":"raised by hand; it stays until DELETE /alarms/NOSPACE"}]}""";
        Assert.Equal(Raised, RawHttp.Send(host, "POST", "/alarms/NOSPACE").Text);
        Assert.Equal(Raised, RawHttp.Send(host, "GET", "/alarms?level=stale").Text);
        Assert.Equal("""{"alarms":[]}""", RawHttp.Send(host, "DELETE", "/alarms/nospace").Text);
        Assert.Equal("""{"alarms":[]}""", RawHttp.Send(host, "DELETE", "/alarms/NOSPACE").Text);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("DELETE")]
    public async Task Alarm_OfAnotherName_Is404AndNamesThose(string method)
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        var answer = RawHttp.Send(host, method, "/alarms/FIRE");
        Assert.Equal(404, answer.Status);
        Assert.Contains("NOSPACE and CORRUPT", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compact_OfOneRevision_SaysWhatIsDeleted()
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        for (var i = 0; i < 5; i++)
        {
            RawHttp.Send(host, "PUT", "/key/a", body: [1]);
        }

        var compacted = RawHttp.Send(host, "POST", "/compact?rev=4");
        Assert.Equal("""{"revision":"6","compact_revision":"4","deleted":false}""", compacted.Text);
        Assert.Equal("6", compacted.Header("X-Raftd-Revision"));
        Assert.Equal(410, RawHttp.Send(host, "GET", "/key/a?rev=3").Status);
        Assert.Equal("""{"revision":"6","compact_revision":"5","deleted":true}""", RawHttp.Send(host, "POST", "/compact?rev=5&physical=1").Text);
        Assert.Equal(410, RawHttp.Send(host, "POST", "/compact?rev=5").Status);
        foreach (var target in (string[])["/compact", "/compact?rev=7", "/compact?rev=0", "/compact?rev=x", "/compact?rev=5&now=1"])
        {
            Assert.Equal(400, RawHttp.Send(host, "POST", target).Status);
        }
    }
}
