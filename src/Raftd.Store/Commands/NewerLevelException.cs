namespace Raftd.Store.Commands;

/// <summary>Something was written by a build that knows more than this one. Nothing is damaged, and nothing was changed: a
/// newer build reads it.</summary>
public sealed class NewerLevelException(string what, int needed) : Exception(
    $"{what} is of feature level {needed}; this raftd knows levels up to {FeatureLevel.Newest}")
{
    /// <summary>The level that the build to start must know.</summary>
    public int Needed { get; } = needed;

    /// <summary>The start of each form that has a level says which, before anything that may differ by level is read.</summary>
    /// <exception cref="NewerLevelException">It is above what this build knows.</exception>
    public static void ThrowIfNewer(string what, int level)
    {
        if (level > FeatureLevel.Newest)
        {
            throw new NewerLevelException(what, level);
        }
    }
}
