namespace Raftd.Cli;

/// <summary>What the first word of the command line asks for; a line that begins with anything else serves.</summary>
internal enum Verb
{
    /// <summary>The line could not be read; <see cref="CommandLine.Error"/> says why.</summary>
    None,
    Serve,
    Version,
    Help,
}
