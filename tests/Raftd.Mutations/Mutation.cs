namespace Raftd.Mutations;

/// <summary>One bug of the past, put back.</summary>
internal sealed record Mutation
{
    /// <summary>Lower case with hyphens; the value of <see cref="MutantTree.Variable"/> that turns it on.</summary>
    public required string Name { get; init; }

    /// <summary>Numbers of the catalogue of failures; none where it is a bug of raftd's own (docs/bugs.md).</summary>
    public required int[] Failures { get; init; }

    /// <summary>What is wrong, in one sentence, and where it was seen.</summary>
    public required string Wrong { get; init; }

    /// <summary>The member of the product that it was in, as Type.Member; <see cref="ProductSources"/> says how to name others.
    /// </summary>
    public required string In { get; init; }

    /// <summary>
    /// Occurs once in that member, however it is wrapped: an expression, or statements up to a ";" or a "}". Where that alone
    /// is not found once, «it» stands between as much of its surroundings as it takes.
    /// </summary>
    public required string Original { get; init; }

    /// <summary>What stands there instead: an expression for an expression, any statements for statements.</summary>
    public required string Broken { get; init; }

    /// <summary>One of them at least has to see it.</summary>
    public required Suite[] Suites { get; init; }
}
