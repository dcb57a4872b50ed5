using System.Net;
using System.Net.NetworkInformation;

namespace Raftd.Cli.Settings;

/// <summary>The names of this machine. Asks no DNS server: a start must not wait for one.</summary>
internal static class MachineNames
{
    private const string HostsFile = "/etc/hosts";

    /// <summary>The host name, with the kernel's domain where it has one, and the full names that /etc/hosts puts beside it.
    /// </summary>
    public static IReadOnlyList<string> OfThisMachine()
    {
        var name = Dns.GetHostName();
        var domain = IPGlobalProperties.GetIPGlobalProperties().DomainName;
        return [name, $"{name}.{domain}", .. FromHostsFile(ReadHostsFile(), name)];
    }

    /// <summary>The names on the lines that have <paramref name="hostName"/> too: "127.0.1.1 db1.example.org db1". Other lines
    /// name other machines, or block names that belong to no machine.</summary>
    public static IReadOnlyList<string> FromHostsFile(string text, string hostName)
    {
        var names = new List<string>();
        foreach (var line in text.Split('\n'))
        {
            var words = line.Split('#')[0].Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Skip(1).Contains(hostName, StringComparer.OrdinalIgnoreCase))
            {
                names.AddRange(words.Skip(1));
            }
        }

        return names;
    }

    private static string ReadHostsFile()
    {
        try
        {
            return File.ReadAllText(HostsFile);
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
        {
            return ""; // no names beyond the host's own
        }
    }
}
