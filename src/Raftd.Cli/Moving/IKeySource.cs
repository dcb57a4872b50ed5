namespace Raftd.Cli.Moving;

/// <summary>A file that keys are imported from.</summary>
internal interface IKeySource
{
    /// <returns>A key, a lease, or null behind the last of them.</returns>
    /// <exception cref="MoveException">The file is damaged or cut short.</exception>
    ValueTask<ExportItem?> NextAsync(CancellationToken stop);

    /// <summary>What was left out, known behind the last key; null for nothing.</summary>
    string? Warning { get; }
}
