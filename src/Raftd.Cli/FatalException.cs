namespace Raftd.Cli;

/// <summary>
/// Carries a <see cref="FatalError"/> up to Main, which prints it and exits.
/// </summary>
internal sealed class FatalException(FatalError error) : Exception(error.Line)
{
    public FatalError Error { get; } = error;
}
