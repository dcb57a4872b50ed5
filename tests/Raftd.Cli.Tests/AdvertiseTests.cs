using System.Net;
using Raftd.Cli.Settings;

namespace Raftd.Cli.Tests;

public sealed class AdvertiseTests
{
    private const string Machine = "127.0.0.1 ::1 169.254.3.4 fe80::1 2001:db8::7 10.0.0.5 192.168.1.2";

    [Theory]
    // listen            advertised       joined machine        told
    [InlineData(":7200", "db1:9", true, Machine, "db1:9")]
    [InlineData(":7200", "db1:9", false, Machine, "db1:9")]
    [InlineData("10.9.9.9:7200", null, true, Machine, "10.9.9.9:7200")]
    [InlineData("10.9.9.9:7200", null, false, Machine, "10.9.9.9:7200")]
    [InlineData("127.0.0.1:7200", null, true, Machine, "127.0.0.1:7200")]
    [InlineData(":7200", null, false, Machine, "127.0.0.1:7200")]
    [InlineData(":7200", null, true, Machine, "10.0.0.5:7200")]
    [InlineData("0.0.0.0:7200", null, true, Machine, "10.0.0.5:7200")]
    [InlineData("[::]:7200", null, true, Machine, "10.0.0.5:7200")]
    [InlineData(":7200", null, true, "::1 fe80::1 2001:db8::7", "[2001:db8::7]:7200")]
    [InlineData(":7200", null, true, "127.0.0.1 169.254.3.4", "127.0.0.1:7200")]
    [InlineData(":7200", null, true, "", "127.0.0.1:7200")]
    public void Advertise_EachCombinationOfFlags_FollowsTheRules(string listen, string? advertised, bool joined, string machine, string told)
    {
        var addresses = Given.Words(machine).Select(IPAddress.Parse).ToList();

        var address = Advertise.Resolve(Parse(listen), advertised is null ? null : Parse(advertised), joined, addresses);

        Assert.Equal(told, address.ToString());
    }

    [Fact]
    public void MachineAddresses_OfThisMachine_HoldLoopback() =>
        Assert.Contains(Advertise.MachineAddresses(), IPAddress.IsLoopback);

    private static HostPort Parse(string text)
    {
        Assert.True(HostPort.TryParse(text, out var value));
        return value;
    }
}
