namespace Raftd.Raft;

/// <summary>The configurations of the log that a truncation could still bring back, oldest first, never empty.</summary>
/// <remarks>
/// A configuration counts from the moment it is appended (thesis 4.1), so one that was never committed can be in force
/// and has to go when its entry is overwritten. Only what is applied cannot be rolled back.
/// </remarks>
internal sealed class ConfigurationHistory(ulong index, Configuration configuration)
{
    private readonly List<(ulong Index, Configuration Configuration)> _versions = [(index, configuration)];

    public Configuration InForce => _versions[^1].Configuration;

    public ulong Index => _versions[^1].Index;

    /// <summary>The configuration before the newest, while the newest may still be rolled back; then the newest itself.</summary>
    public Configuration Previous => _versions[^Math.Min(2, _versions.Count)].Configuration;

    /// <summary>The newest at or below <paramref name="commit"/>: no truncation takes it back.</summary>
    public (ulong Index, Configuration Configuration) Committed(ulong commit)
    {
        var newest = _versions.Count - 1;
        while (newest > 0 && _versions[newest].Index > commit)
        {
            newest--;
        }

        return _versions[newest];
    }

    public void Add(ulong index, Configuration configuration)
    {
        Invariant.Check(configuration.IsValid, $"configuration {configuration} at {index} has no voter or a member twice");
        Invariant.Check(index > Index, $"configuration at {index} added behind the one at {Index}");
        _versions.Add((index, configuration));
    }

    /// <summary>Forgets the configurations of entries at or above <paramref name="index"/>; says whether there were any.</summary>
    public bool TruncateFrom(ulong index)
    {
        var before = _versions.Count;
        while (_versions.Count > 1 && _versions[^1].Index >= index)
        {
            _versions.RemoveAt(_versions.Count - 1);
        }

        return _versions.Count < before;
    }

    /// <summary>Entries up to <paramref name="index"/> stay for ever: of their configurations only the newest matters.</summary>
    public void SettleUpTo(ulong index)
    {
        while (_versions.Count > 1 && _versions[1].Index <= index)
        {
            _versions.RemoveAt(0);
        }
    }

    /// <summary>A snapshot replaces the log: its configuration is committed, and none before it can come back.</summary>
    public void Restart(ulong index, Configuration configuration)
    {
        Invariant.Check(configuration.IsValid, $"configuration {configuration} at {index} has no voter or a member twice");
        _versions.Clear();
        _versions.Add((index, configuration));
    }
}
