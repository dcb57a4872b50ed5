namespace Raftd.Exploration;

/// <summary>A rule does not hold.</summary>
internal sealed class Violation(string rule, string detail) : Exception($"{rule}: {detail}");
