using Microsoft.Extensions.Logging;
using Raftd.Cli.Settings;

namespace Raftd.Cli.Tests;

/// <summary>What a start warns of, by event names.</summary>
public sealed class OpenPortsTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("-haddr localhost:7200 -raddr [::1]:8200", "")]
    [InlineData("-haddr :7200", "NoPassword")]
    [InlineData("-haddr 10.0.0.1:7200", "NoPassword")]
    [InlineData("-haddr 10.0.0.1:7200 -cert c -key k", "NoClientCertificates")]
    [InlineData("-haddr 10.0.0.1:7200 -cert c -key k -client-ca a", "")]
    [InlineData("-raddr 10.0.0.1:8200 -peer-cert c -peer-key k -peer-ca a", "")]
    [InlineData("-raddr 0.0.0.0:8200", "PeersUnprotected")]
    [InlineData("-haddr db1:7200 -raddr db1:8200", "NoPassword PeersUnprotected")]
    [InlineData("-join 127.0.0.1:8001", "")]
    [InlineData("-haddr 10.0.0.1:7200 -join 10.0.0.2:7200", "NoPassword PeersCannotReach")]
    [InlineData("-join 10.0.0.2:7200 -advertise-raddr 10.0.0.1:8200", "")]
    public void Start_WarnsOfEachPortThatIsOpen_AndOfPeersThatCannotReachIt(string flags, string warnings)
    {
        var settings = Given.Settings(flags + " d");
        var log = new EventNames();
        OpenPorts.Warn(settings, settings.Join, Advertise.Resolve(settings.RaftAddress, settings.AdvertiseRaftAddress, joined: true, []), log);
        Assert.Equal(warnings, string.Join(' ', log.Names));
    }

    private sealed class EventNames : ILogger
    {
        public List<string?> Names { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Assert.Equal(LogLevel.Warning, logLevel);
            Names.Add(eventId.Name);
        }
    }
}
