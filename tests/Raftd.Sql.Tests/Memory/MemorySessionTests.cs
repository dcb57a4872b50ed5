using Raftd.Sql.Database;
using Raftd.Sql.Tests.Database;

namespace Raftd.Sql.Tests.Memory;

/// <summary>The database in memory keeps the contract of the real ones: what is shown with it holds for them.</summary>
public sealed class MemorySessionTests : SessionContract
{
    private protected override IDatabase NewDatabase() => new MemoryDatabase();
}

public sealed class MemoryBucketTests : BucketContract
{
    private protected override IDatabase NewDatabase() => new MemoryDatabase();
}
