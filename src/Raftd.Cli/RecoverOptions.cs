namespace Raftd.Cli;

/// <summary>What <c>raftd recover</c> is asked to do.</summary>
/// <param name="Directories">Of stopped members; at least one.</param>
/// <param name="Target">The directory to make; null to look only.</param>
/// <param name="Label">What the new member will be started with as -id.</param>
/// <param name="RaiseRevisionBy">0 goes on with the revision that is found.</param>
/// <param name="AcceptLoss">Goes on where acknowledged writes may be lost.</param>
internal sealed record RecoverOptions(
    IReadOnlyList<string> Directories, string? Target, string Label, long RaiseRevisionBy, bool AcceptLoss);
