namespace Raftd.Cli.Settings;

/// <summary>
/// The text of one setting and its source: <c>flag</c>, a variable's name, a file's line, <c>default</c>.
/// </summary>
internal readonly record struct SettingValue(string Text, string Origin)
{
    /// <summary>Behind the flag in messages; empty for the flag itself.</summary>
    public string Place => Origin == SettingSources.FromFlag ? "" : $" ({Origin})";
}
