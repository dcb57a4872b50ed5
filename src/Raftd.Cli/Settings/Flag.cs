using System.Globalization;
using Raftd.Contract;

namespace Raftd.Cli.Settings;

/// <summary>One setting as its user sees it: the same name as a flag, a variable and a key of the file.</summary>
/// <param name="Name">Without dashes, such as <c>max-value-bytes</c>.</param>
/// <param name="Placeholder">What stands for the value in the help; empty for a switch.</param>
/// <param name="Default">The text that stands in when no source gives one; empty where there is none.</param>
/// <param name="Help">One line, without the default.</param>
internal sealed record Flag(string Name, string Placeholder, string Default, string Help)
{
    /// <summary>Whether the flag alone means true.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>Whether it is given as a plain word of the command line.</summary>
    public bool IsPositional { get; init; }

    /// <summary>The variable of the same meaning: <c>-max-value-bytes</c> is <c>RAFTD_MAX_VALUE_BYTES</c>.</summary>
    public string Variable { get; } = "RAFTD_" + Name.ToUpperInvariant().Replace('-', '_');

    /// <summary>The range of what it takes, as "1KiB to 60MiB"; empty where it has none.</summary>
    public string Allowed { get; init; } = "";

    /// <summary>How messages call it.</summary>
    public string Label => IsPositional ? $"<{Name}>" : $"-{Name}";

    public static Flag Size(string name, Bound<long> bound, string help) =>
        new(name, "SIZE", SizeText.Format(bound.Default), help)
        {
            Allowed = $"{SizeText.Format(bound.Least)} to {SizeText.Format(bound.Most)}",
        };

    public static Flag Duration(string name, Bound<TimeSpan> bound, string help) =>
        new(name, "DURATION", DurationText.Format(bound.Default), help)
        {
            Allowed = $"{DurationText.Format(bound.Least)} to {DurationText.Format(bound.Most)}",
        };

    public static Flag Number(string name, Bound<int> bound, string help) =>
        new(name, "NUMBER", bound.Default.ToString(CultureInfo.InvariantCulture), help)
        {
            Allowed = $"{bound.Least} to {bound.Most}",
        };

    /// <summary>As it stands, where no default does: something else stands in.</summary>
    public Flag WithoutDefault() => this with { Default = "" };
}
