namespace Raftd.State.Commands;

/// <summary>Something was written by a build that knows more than this one. Nothing is damaged, and nothing was changed: a
/// newer build reads it.</summary>
public sealed class NewerLevelException(string what, int needed, int known) : Exception(
    $"{what} is of feature level {needed}; this raftd knows levels up to {known}")
{
    /// <summary>The level that the build to start must know.</summary>
    public int Needed { get; } = needed;

    /// <summary>The start of each form that has a level says which, before anything that may differ by level is read.</summary>
    /// <exception cref="NewerLevelException">It is above what is known here.</exception>
    public static void ThrowIfNewer(string what, int level, int known)
    {
        if (level > known)
        {
            throw new NewerLevelException(what, level, known);
        }
    }
}
