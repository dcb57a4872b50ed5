using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Raftd.Cli.Settings;

/// <summary>
/// The YAML file of <c>-config</c>: one mapping, each key the name of a flag. An unknown key is an error, because the file
/// is written for raftd alone and a mistyped key would silently do nothing.
/// </summary>
internal static class ConfigFile
{
    /// <summary>Reads the file; adds its errors to <paramref name="problems"/>.</summary>
    public static IReadOnlyDictionary<Flag, SettingValue> Read(string path, List<string> problems)
    {
        var values = new Dictionary<Flag, SettingValue>();
        try
        {
            using var reader = File.OpenText(path);
            var yaml = new YamlStream();
            yaml.Load(reader);
            ReadDocument(yaml, path, values, problems);
        }
        catch (YamlException exception)
        {
            problems.Add($"-config {path} line {exception.Start.Line}: {Reason(exception)}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problems.Add($"-config {path}: cannot be read ({exception.Message})");
        }

        return values;
    }

    private static void ReadDocument(
        YamlStream yaml, string path, Dictionary<Flag, SettingValue> values, List<string> problems)
    {
        if (yaml.Documents.Count == 0)
        {
            return; // an empty file, or nothing but comments
        }

        if (yaml.Documents[0].RootNode is not YamlMappingNode mapping)
        {
            problems.Add($"-config {path}: expected lines of the form 'haddr: 127.0.0.1:8001'");
            return;
        }

        foreach (var (key, node) in mapping.Children)
        {
            ReadLine(key, node, path, values, problems);
        }
    }

    private static void ReadLine(
        YamlNode key, YamlNode node, string path, Dictionary<Flag, SettingValue> values, List<string> problems)
    {
        var name = (key as YamlScalarNode)?.Value ?? "";
        var place = $"{path} line {key.Start.Line}";
        if (Flags.Settings.FirstOrDefault(flag => flag.Name == name) is not { } setting)
        {
            problems.Add($"-config {place}: '{name}' is not a setting");
        }
        else if (Text(node) is not { } text)
        {
            problems.Add($"-config {place}: '{name}' needs one value");
        }
        else
        {
            values[setting] = new SettingValue(text, place);
        }
    }

    /// <summary>A scalar, or a list of them joined by commas (for <c>join</c>); null for anything else.</summary>
    private static string? Text(YamlNode node) => node switch
    {
        YamlScalarNode { Value: { Length: > 0 } text } => text,
        YamlSequenceNode list when list.Children.All(item => item is YamlScalarNode) =>
            string.Join(',', list.Children.Select(item => ((YamlScalarNode)item).Value)),
        _ => null,
    };

    /// <summary>The innermost message: the outer ones repeat the position.</summary>
    private static string Reason(YamlException exception) =>
        (exception.InnerException ?? exception).Message.ReplaceLineEndings(" ");
}
