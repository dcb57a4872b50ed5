using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Raftd.Cli.Logging;

namespace Raftd.Cli.Tests;

public sealed class LineFormatterTests
{
    private static readonly DateTimeOffset Time = new(2026, 5, 4, 12, 20, 30, 405, TimeSpan.FromHours(2));

    [Fact]
    public void Text_OfAnEvent_IsTimeLevelEventMessageAndValues() =>
        Assert.Equal(
            "2026-05-04T10:20:30.405Z info  BecameLeader(1201) Became leader Term=7 Id=node01\n",
            Text(Line("Became leader", ("Term", 7UL), ("Id", "node01"), (LogLine.TemplateKey, "Became leader"))));

    [Theory]
    [InlineData("", "K=\"\"")]
    [InlineData("plain/1.2:3", "K=plain/1.2:3")]
    [InlineData("two words", "K=\"two words\"")]
    [InlineData("a=b", "K=\"a=b\"")]
    [InlineData("say \"x\" \\", "K=\"say \\\"x\\\" \\\\\"")]
    [InlineData("line\nbreak\u0001", "K=\"line\\nbreak\\u0001\"")]
    [InlineData(null, "K=null")]
    public void Text_ValuesThatWouldBeMisread_AreQuoted(string? value, string expected) =>
        Assert.EndsWith($" m {expected}\n", Text(Line("m", ("K", value))), StringComparison.Ordinal);

    [Fact]
    public void Text_LineBreaksInTheMessage_IsOneLine()
    {
        var line = Line("first\r\nsecond") with { Exception = new InvalidOperationException("third\nfourth") };

        var text = Text(line);

        Assert.Equal(text.Length - 1, text.IndexOf('\n', StringComparison.Ordinal));
        Assert.Contains("first\\r\\nsecond exception=\"System.InvalidOperationException: third\\nfourth\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_WithoutAnEventName_NamesWhatMadeIt()
    {
        var line = Line("m") with { Event = default, Category = "Microsoft.AspNetCore.Server.Kestrel", Level = LogLevel.Critical };

        Assert.Equal("2026-05-04T10:20:30.405Z fatal Kestrel(0) m\n", Text(line));
    }

    [Fact]
    public void Json_IsOneObject_With64BitNumbersAsStrings() =>
        Assert.Equal(
            """{"time":"2026-05-04T10:20:30.405Z","level":"info","event":"BecameLeader","id":1201,"category":"Raftd.Node","""
            + "\"message\":\"m \\\"ä\\\"\","
            + """ "values":{"Term":"18446744073709551615","Count":3,"Share":0.5,"Lost":true,"None":null}} """.Trim()
            + "\n",
            Json(Line("m \"ä\"", ("Term", ulong.MaxValue), ("Count", 3), ("Share", 0.5), ("Lost", true), ("None", null))));

    [Fact]
    public void Json_KeepsValuesApartFromFields_AndLinesOnOneLine()
    {
        var text = Json(Line("a\nb", ("message", "c\nd")) with { Exception = new InvalidOperationException("e\nf") });

        Assert.Equal(text.Length - 1, text.IndexOf('\n', StringComparison.Ordinal));
        using var json = JsonDocument.Parse(text);
        Assert.Equal("a\nb", json.RootElement.GetProperty("message").GetString());
        Assert.Equal("c\nd", json.RootElement.GetProperty("values").GetProperty("message").GetString());
        Assert.Contains("e\nf", json.RootElement.GetProperty("exception").GetString(), StringComparison.Ordinal);
    }

    private static string Text(in LogLine line) => Encoding.UTF8.GetString(new TextLineFormatter().Format(line));

    private static string Json(in LogLine line) => Encoding.UTF8.GetString(new JsonLineFormatter().Format(line));

    private static LogLine Line(string message, params (string Key, object? Value)[] values) => new(
        Time, LogLevel.Information, "Raftd.Node", new EventId(1201, "BecameLeader"), message,
        [.. values.Select(value => KeyValuePair.Create(value.Key, value.Value))], Exception: null);
}
