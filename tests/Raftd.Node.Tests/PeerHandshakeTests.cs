using Microsoft.AspNetCore.Http;
using Raftd.Peers;
using Raftd.Peers.Http;

namespace Raftd.Node.Tests;

public sealed class PeerHandshakeTests
{
    private static readonly PeerHandshake Sent = new(
        ClusterId: 0xfedcba9876543210, From: 1, To: ulong.MaxValue, FromLabel: "node-ü 1", ToLabel: "b")
    {
        Level = 7,
    };

    [Fact]
    public void Read_WhatWasWritten_IsTheSame() =>
        Assert.Equal(Sent, PeerHandshake.Read(HeadersOf(Sent), out _));

    [Theory]
    [InlineData("raftd-protocol", "2", "protocol")]
    [InlineData("raftd-level", "", "which feature level")]
    [InlineData("raftd-level", "256", "which feature level")]
    [InlineData("raftd-cluster", "", "which cluster")]
    [InlineData("raftd-from", "no number", "which cluster")]
    [InlineData("raftd-to", "12345678901234567", "which cluster")]
    public void Read_SomethingElse_SaysWhy(string header, string value, string reason)
    {
        var headers = HeadersOf(Sent);
        headers[header] = value;

        Assert.Null(PeerHandshake.Read(headers, out var said));
        Assert.Contains(reason, said, StringComparison.Ordinal);
    }

    private static HeaderDictionary HeadersOf(PeerHandshake handshake)
    {
        using var request = PeerHttp.Post("127.0.0.1:1", PeerPaths.Control, handshake, tls: null);
        var headers = new HeaderDictionary();
        foreach (var (name, values) in request.Headers)
        {
            headers[name] = values.ToArray();
        }

        return headers;
    }
}
