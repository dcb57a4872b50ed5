using Raftd.Sql.Database;
using Raftd.Sql.Tests.Fronts;

namespace Raftd.Sql.Tests.Memory;

/// <summary>The database in memory does what the real ones do: what is shown with it holds for them.</summary>
public sealed class MemorySetDeletionTests : SetDeletionContract
{
    private protected override IDatabase NewDatabase() => new MemoryDatabase();
}
