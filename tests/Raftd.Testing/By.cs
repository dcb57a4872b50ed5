using Raftd.Contract;
using Raftd.State.Commands;

namespace Raftd.Testing;

/// <summary>Makes commands as the tests ask for them: without a caller, in the bytes of the first level.</summary>
public static class By
{
    public static CommandFactory Nobody { get; } = new(Caller.Nobody, FeatureLevel.First);
}
