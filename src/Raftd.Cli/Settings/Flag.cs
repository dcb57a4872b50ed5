namespace Raftd.Cli.Settings;

/// <summary>One setting as its user sees it: the same name as a flag, a variable and a key of the file.</summary>
/// <param name="Name">Without dashes, such as <c>max-value-bytes</c>.</param>
/// <param name="Placeholder">Stands for the value in the help; empty for a switch.</param>
/// <param name="Default">The text used when no source gives one; empty if there is no default.</param>
/// <param name="Help">One line, without the default.</param>
internal record Flag(string Name, string Placeholder, string Default, string Help)
{
    /// <summary>Whether the flag alone means true.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>Whether it is a plain word of the command line.</summary>
    public bool IsPositional { get; init; }

    /// <summary>Names of the same flag on the command line alone: those that etcd gives it.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>What of a value may be printed; null for nothing.</summary>
    public Func<string, string?> Shown { get; init; } = static text => text;

    /// <summary>The variable of the same meaning: <c>-max-value-bytes</c> is <c>RAFTD_MAX_VALUE_BYTES</c>.</summary>
    public string Variable { get; } = "RAFTD_" + Name.ToUpperInvariant().Replace('-', '_');

    /// <summary>The range of its values, as "1KiB to 60MiB"; empty if it has none.</summary>
    public virtual string Allowed => "";

    /// <summary>Its name in messages.</summary>
    public string Label => IsPositional ? $"<{Name}>" : $"-{Name}";
}
