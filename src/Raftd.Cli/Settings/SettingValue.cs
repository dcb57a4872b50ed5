namespace Raftd.Cli.Settings;

/// <summary>
/// The text of one setting and its source: <c>flag</c>, a variable's name, a file's line, <c>default</c>.
/// </summary>
internal readonly record struct SettingValue(string Text, string Origin);
