using System.Diagnostics;
using Raftd.Testing.Disks;
using Raftd.Testing.Processes;

namespace Raftd.Cli.Tests;

/// <summary>
/// The script ./raftd. Its decisions are tested on a small checkout with a dotnet that only pretends to build, which
/// counts its builds and leaves a server that prints its words and its process id.
/// </summary>
public sealed class LauncherTests : IDisposable
{
    private const string FakeDotnet =
        """
        #!/usr/bin/env bash
        case $1 in
          --version) [[ ! -v FAKE_ERROR ]] || { echo "$FAKE_ERROR" >&2; exit 1; }; echo "${FAKE_SDK:-10.0.100}" ;;
          --list-sdks) echo "${FAKE_SDK:-10.0.100} [/usr]" ;;
          publish)
            echo build >>"$FAKE_BUILDS"
            sleep 0.3
            [[ ! -e $FAKE_BUILDS.broken ]] || { echo "error CS1002: ; expected"; exit 1; }
            while [[ $1 != --output ]]; do shift; done
            mkdir -p "$2"
            printf '#!/usr/bin/env bash\nprintf "[%%s]" "$@"\necho " pid $$"\n' >"$2/raftd"
            chmod +x "$2/raftd"
            ;;
        esac
        """;

    private readonly TemporaryDirectory _folder = new();

    public LauncherTests()
    {
        _folder.WriteScript("tools/dotnet", FakeDotnet);
        _folder.WriteScript("checkout/raftd", Checkout.ReadText("raftd"));
        _folder.Write("checkout/src/Raftd.Cli/Program.cs", "one");
        foreach (var name in new[] { "Directory.Build.props", "Directory.Packages.props", "global.json" })
        {
            _folder.Write("checkout/" + name, "");
        }
    }

    private string Launcher => _folder.At("checkout/raftd");

    private string Builds => _folder.At("builds");

    private int BuildCount => File.Exists(Builds) ? File.ReadAllLines(Builds).Length : 0;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Launcher_StartedThreeTimesAtOnce_BuildsOnce()
    {
        var results = await Task.WhenAll(RunAsync("version"), RunAsync("version"), RunAsync("version"));

        Assert.All(results, result => Assert.Equal(0, result.Code));
        Assert.Equal(1, BuildCount);
        Assert.Equal(1, results.Count(result => result.Error.Contains("building", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Words_ArriveVerbatim_AndTheProcessStaysTheSame()
    {
        var result = await RunAsync("-id", "a b", "*", "", "$HOME", "~/.raftd01");

        Assert.Equal($"[-id][a b][*][][$HOME][~/.raftd01] pid {result.ProcessId}\n", result.Output);
    }

    [Fact]
    public async Task SecondStart_IsQuietAndBuildsNothing_UnlessASourceChanged()
    {
        await RunAsync("version");
        var second = await RunAsync("version");
        Assert.Equal((0, ""), (second.Code, second.Error));

        // A checkout of the same contents has new times only; so has what a build leaves behind.
        _folder.Write("checkout/src/Raftd.Cli/Program.cs", "one");
        _folder.Write("checkout/src/Raftd.Cli/obj/leftover", "");
        await RunAsync("version");
        Assert.Equal(1, BuildCount);

        _folder.Write("checkout/src/Raftd.Cli/Program.cs", "two");
        await RunAsync("version");
        Assert.Equal(2, BuildCount);

        // Back to contents that were built before.
        _folder.Write("checkout/src/Raftd.Cli/Program.cs", "one");
        await RunAsync("version");
        Assert.Equal(2, BuildCount);

        File.Move(_folder.At("checkout/src/Raftd.Cli/Program.cs"), _folder.At("checkout/src/a.cs"));
        await RunAsync("version");
        Assert.Equal(3, BuildCount);
    }

    [Fact]
    public async Task BrokenSource_ShowsTheErrors_AndIsTriedAgain()
    {
        await File.WriteAllTextAsync(Builds + ".broken", "");
        var broken = await RunAsync("version");

        Assert.Equal(4, broken.Code);
        Assert.Contains("error CS1002", broken.Error, StringComparison.Ordinal);
        Assert.Contains("raftd: the build failed: ", broken.Error, StringComparison.Ordinal);

        File.Delete(Builds + ".broken");
        Assert.Equal(0, (await RunAsync("version")).Code);
    }

    [Fact]
    public async Task Launcher_OldSdk_NamesIt()
    {
        var result = await RunAsync(["version"], ("FAKE_SDK", "8.0.100"));

        Assert.Equal(3, result.Code);
        Assert.Equal(
            "raftd: building needs the .NET 10 SDK (found: 8.0.100): install it from https://dot.net\n", result.Error);
    }

    [Fact]
    public async Task Launcher_SdkThatDoesNotRun_IsToldInItsWords()
    {
        var result = await RunAsync(["version"], ("FAKE_ERROR", "there is no home directory"));

        Assert.Equal(3, result.Code);
        Assert.Equal("raftd: 'dotnet --version' failed: there is no home directory\n", result.Error);
    }

    [Fact]
    public async Task NoBuild_RunsWhatIsThere_OrSaysThatNothingIs()
    {
        var nothing = await RunAsync(["version"], ("RAFTD_NO_BUILD", "1"));
        Assert.Equal(4, nothing.Code);
        Assert.StartsWith("raftd: there is no build", nothing.Error, StringComparison.Ordinal);

        await RunAsync("version");
        _folder.Write("checkout/src/Raftd.Cli/Program.cs", "two");
        Assert.Equal(0, (await RunAsync(["version"], ("RAFTD_NO_BUILD", "1"))).Code);
        Assert.Equal(1, BuildCount);
    }

    /// <summary>The real one, through a link and from elsewhere; builds the program if that has not been done.</summary>
    [Fact]
    public async Task RealLauncher_ThroughALinkFromElsewhere_StartsTheProgram()
    {
        var link = _folder.At("linked");
        File.CreateSymbolicLink(link, Checkout.Launcher);

        var version = await StartAsync(link, ["version"], _ => { });
        Assert.Equal(0, version.Code);
        Assert.StartsWith($"raftd {VersionCommand.Number}, feature level ", version.Output, StringComparison.Ordinal);

        var wrong = await StartAsync(link, ["-bind", "4000", "data"], _ => { });
        Assert.Equal((int)ExitCode.Usage, wrong.Code);
        Assert.Equal("raftd: -bind 4000: must be 0 to 1023: 'raftd help' lists the flags\n", wrong.Error);
    }

    private Task<Subprocess> RunAsync(params string[] words) => RunAsync(words, []);

    private Task<Subprocess> RunAsync(string[] words, params (string Name, string Value)[] variables) =>
        StartAsync(Launcher, words, environment =>
        {
            environment["PATH"] = _folder.At("tools") + ":" + environment["PATH"];
            environment["FAKE_BUILDS"] = Builds;
            foreach (var (name, value) in variables)
            {
                environment[name] = value;
            }
        });

    private Task<Subprocess> StartAsync(string script, string[] words, Action<IDictionary<string, string?>> prepare)
    {
        var start = new ProcessStartInfo(script, words) { WorkingDirectory = _folder.Path };
        prepare(start.Environment);
        return Subprocess.RunAsync(start);
    }
}
