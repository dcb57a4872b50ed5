namespace Raftd.Cli.Moving;

/// <summary>Ends an export or an import: what happened, and what to do.</summary>
internal sealed class MoveException(string what, string toDo) : Exception(what)
{
    public FatalError Error { get; } = new(ExitCode.StartFailed, what, toDo);
}
