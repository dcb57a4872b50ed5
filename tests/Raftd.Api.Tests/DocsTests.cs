namespace Raftd.Api.Tests;

/// <summary>docs/rest.md says what is so: its shell lines run.</summary>
public sealed class DocsTests(InMemoryHost host) : IClassFixture<InMemoryHost>
{
    [Fact]
    public async Task RestMd_ShellLines_Run()
    {
        var lines = await File.ReadAllLinesAsync(FindUpwards("docs/rest.md"));
        var script = new List<string> { "set -e" };
        var isShell = false;
        foreach (var line in lines)
        {
            isShell = line == "```sh" || (isShell && line != "```");
            if (isShell && line != "```sh")
            {
                script.Add(line);
            }
        }

        Assert.True(script.Count > 20);
        var output = await Curl.RunAsync(host, string.Join('\n', script));
        Assert.Contains("hello", output, StringComparison.Ordinal);
        Assert.Contains("""[{"http_addr":"127.0.0.1:9001"}]""", output, StringComparison.Ordinal);
    }

    private static string FindUpwards(string relative)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, relative);
            if (File.Exists(path))
            {
                return path;
            }
        }

        throw new FileNotFoundException(relative);
    }
}
