namespace Raftd.Cli;

/// <summary>
/// Carries a <see cref="FatalError"/> from where it was found up to the rim, which prints it and exits.
/// </summary>
internal sealed class FatalException(FatalError error) : Exception(error.Line)
{
    public FatalError Error { get; } = error;
}
