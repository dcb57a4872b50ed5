namespace Raftd.Testing.Histories;

/// <summary>The versions that a store holds, as of any revision: what the checker compares with.</summary>
public interface IHistory
{
    long Newest { get; }

    /// <summary>Null where the key was not there; revisions below 1 are before everything.</summary>
    KeyVersion? Find(string key, long revision);

    /// <summary>All of [key, rangeEnd), or the one key where rangeEnd is empty, as <see cref="KeyVersion.Describe"/> has it.</summary>
    string Describe(string key, string rangeEnd, long revision);
}
