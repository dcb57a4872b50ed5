namespace Raftd.Cli;

/// <summary>What <c>raftd member</c> is asked to do: exactly one of these.</summary>
internal abstract record MemberOptions(MemberEndpoint Through)
{
    /// <summary>Prints the members, and which of them answer.</summary>
    public sealed record List(MemberEndpoint Through) : MemberOptions(Through);

    /// <summary>Removes one for good.</summary>
    /// <param name="Member">Its label or its number.</param>
    /// <param name="Through">Any member that runs.</param>
    public sealed record Remove(string Member, MemberEndpoint Through) : MemberOptions(Through);

    /// <summary>Removes one that is gone, and says how another is started in its place.</summary>
    /// <param name="Member">Its label or its number.</param>
    /// <param name="By">What the new one will be started with as -id.</param>
    /// <param name="Through">Any member that runs.</param>
    public sealed record Replace(string Member, string By, MemberEndpoint Through) : MemberOptions(Through);
}
