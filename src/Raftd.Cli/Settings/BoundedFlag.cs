using System.Globalization;
using Raftd.Contract;

namespace Raftd.Cli.Settings;

/// <summary>A setting with a range, which gives its default, its help and its errors.</summary>
/// <param name="Name">As of each flag.</param>
/// <param name="Placeholder">As of each flag.</param>
/// <param name="Bound">Its default and range.</param>
/// <param name="Text">A value as its user writes it.</param>
/// <param name="Help">As of each flag.</param>
internal sealed record BoundedFlag<T>(string Name, string Placeholder, Bound<T> Bound, Func<T, string> Text, string Help)
    : Flag(Name, Placeholder, Text(Bound.Default), Help)
    where T : struct, IComparable<T>
{
    public override string Allowed => $"{Text(Bound.Least)} to {Text(Bound.Most)}";

    /// <summary>The same flag without a default text: its default depends on something else.</summary>
    public BoundedFlag<T> WithoutDefault() => this with { Default = "" };

    /// <summary>What is wrong with the value, or null.</summary>
    public string? Problem(T value) => Bound.Holds(value) ? null : $"{Label} {Text(value)}: must be {Allowed}";
}

/// <summary>The kinds of settings that have a range.</summary>
internal static class BoundedFlag
{
    public static BoundedFlag<long> Size(string name, Bound<long> bound, string help) =>
        new(name, "SIZE", bound, SizeText.Format, help);

    public static BoundedFlag<TimeSpan> Duration(string name, Bound<TimeSpan> bound, string help) =>
        new(name, "DURATION", bound, DurationText.Format, help);

    public static BoundedFlag<int> Number(string name, Bound<int> bound, string help) =>
        new(name, "NUMBER", bound, static value => value.ToString(CultureInfo.InvariantCulture), help);
}
