namespace Raftd.Cli;

/// <summary>What <c>raftd bucket</c> is asked to do: exactly one of these.</summary>
internal abstract record BucketOptions(MemberEndpoint Through)
{
    /// <summary>Prints the buckets.</summary>
    public sealed record List(MemberEndpoint Through) : BucketOptions(Through);

    /// <summary>Makes one.</summary>
    /// <param name="Name">A valid name.</param>
    /// <param name="Through">Any front that runs.</param>
    public sealed record Add(string Name, MemberEndpoint Through) : BucketOptions(Through);

    /// <summary>Removes one with all that is in it.</summary>
    /// <param name="Name">A valid name.</param>
    /// <param name="Force">Also if it is not empty.</param>
    /// <param name="Through">Any front that runs.</param>
    public sealed record Remove(string Name, bool Force, MemberEndpoint Through) : BucketOptions(Through);
}
