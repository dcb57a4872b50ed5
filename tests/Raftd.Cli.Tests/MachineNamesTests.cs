using Raftd.Cli.Settings;

namespace Raftd.Cli.Tests;

public sealed class MachineNamesTests
{
    private const string HostsFile =
        """
        127.0.0.1	localhost
        127.0.1.1	db1.example.org db1	# written by the installer
        # 127.0.1.1	old.example.org db1
        10.0.0.2	db2.example.org db2
        0.0.0.0	ads.example.com
        fd00::1	DB1 db1.six.example.org
        """;

    [Fact]
    public void HostsFile_NamesOfLinesWithTheHostName_AreThisMachines() =>
        Assert.Equal("db1.example.org db1 DB1 db1.six.example.org", string.Join(' ', MachineNames.FromHostsFile(HostsFile, "db1")));

    [Fact]
    public void HostsFile_WithoutTheHostName_SaysNothing() => Assert.Empty(MachineNames.FromHostsFile(HostsFile, "db3"));

    [Fact]
    public void MachineNames_OfThisMachine_HaveItsHostName() =>
        Assert.Contains(System.Net.Dns.GetHostName(), MachineNames.OfThisMachine(), StringComparer.Ordinal);
}
