// A copy of the sources with all mutations in it, each off unless the environment names it. The copy is built once; the
// product's own sources never see a switch.
//
// The copy lies in out/mutants and is kept: only what differs is written again, so that a second build is short.

using System.Text;

namespace Raftd.Mutations;

internal sealed class MutantTree(string root)
{
    /// <summary>Names the one mutation that is on.</summary>
    public const string Variable = "RAFTD_MUTATION";

    /// <summary>A part of Raftd.Shared, which every product project knows.</summary>
    private const string SwitchSource = $$"""
        namespace Raftd.Shared;

        public static class Mutant
        {
            private static readonly string? Name = System.Environment.GetEnvironmentVariable("{{Variable}}");

            public static bool Is(string name) => Name == name;
        }
        """;

    private static readonly string[] Folders =
    [
        "src", "tests/Raftd.Simulation", "tests/Raftd.Testing", "tests/Raftd.Sql.Tests/Memory",
        .. TestProjects.Select(project => $"tests/{project}"),
    ];

    private static readonly string[] Files =
    [
        "global.json", "Directory.Build.props", "Directory.Packages.props",
        "tests/Directory.Build.props", "tests/Directory.Build.targets",
    ];

    private readonly string _copy = Path.Combine(root, "out", "mutants");

    private static string[] TestProjects =>
    [
        "Raftd.Raft.Tests", "Raftd.Wal.Tests", "Raftd.Store.Tests", "Raftd.Node.Tests", "Raftd.Api.Tests", "Raftd.Cli.Tests",
        "Raftd.PowerLoss.Tests", "Raftd.Sql.Tests",
    ];

    public string ProgramOf(string project) =>
        Path.Combine(_copy, "tests", project, "bin", "Release", "net10.0", $"{project}.dll");

    /// <summary>Brings the copy up to date with the sources and the mutations.</summary>
    public void Write(IReadOnlyDictionary<string, string> rewritten)
    {
        var wanted = Folders.SelectMany(SourcesIn).Concat(Files).ToHashSet(StringComparer.Ordinal);
        foreach (var path in wanted)
        {
            var bytes = rewritten.TryGetValue(path, out var text)
                ? Encoding.UTF8.GetBytes(text)
                : File.ReadAllBytes(Path.Combine(root, path));
            WriteIfNew(path, bytes);
        }

        WriteIfNew("src/Raftd.Shared/Mutant.cs", Encoding.UTF8.GetBytes(SwitchSource));
        WriteIfNew("mutants.slnx", Encoding.UTF8.GetBytes(Solution()));
        RemoveOthers(wanted);
    }

    /// <summary>Analyzers speak of the sources as they are, which the build of raftd.sln has heard.</summary>
    /// <returns>What the compiler says, or null.</returns>
    public async Task<string?> BuildAsync()
    {
        var build = new Execution(
            "dotnet",
            ["build", Path.Combine(_copy, "mutants.slnx"), "-c", "Release", "--nologo", "-v", "quiet",
                "-p:RunAnalyzers=false", "-p:EnforceCodeStyleInBuild=false", "-p:GenerateDocumentationFile=false",
                "-p:TreatWarningsAsErrors=false", "-p:MSBuildTreatWarningsAsErrors=false", "-nowarn:CS0162"],
            mutation: null);
        return await build.RunAsync(TimeSpan.FromMinutes(10)) == 0 ? null : string.Join('\n', build.Lines.Distinct(StringComparer.Ordinal));
    }

    private IEnumerable<string> SourcesIn(string folder) => Directory
        .EnumerateFiles(Path.Combine(root, folder), "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(root, path))
        .Where(path => !SourceFolders.IsOutput(path));

    private void WriteIfNew(string path, byte[] bytes)
    {
        var target = Path.Combine(_copy, path);
        if (!File.Exists(target) || !File.ReadAllBytes(target).AsSpan().SequenceEqual(bytes))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllBytes(target, bytes);
        }
    }

    private void RemoveOthers(HashSet<string> wanted)
    {
        foreach (var path in Directory.EnumerateFiles(_copy, "*.cs", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(_copy, path);
            if (!SourceFolders.IsOutput(relative) && !wanted.Contains(relative) && relative != "src/Raftd.Shared/Mutant.cs")
            {
                File.Delete(path);
            }
        }
    }

    private static string Solution()
    {
        var projects = TestProjects.Prepend("Raftd.Simulation")
            .Select(project => $"  <Project Path=\"tests/{project}/{project}.csproj\" />\n");
        return $"<Solution>\n{string.Concat(projects)}</Solution>\n";
    }
}
