using Raftd.Sql.Database;
using Raftd.Sql.Tests.Memory;

namespace Raftd.Simulation.Fronts.Checkers;

/// <summary>A bucket from when it was made: its rows, its leases, and what clients were told of it.</summary>
internal sealed class BucketRecord(FrontWorld world, MemoryDatabase database, long id, LogRow first)
{
    public long Id => id;

    public string Name => database.Bucket;

    public MemoryDatabase Database => database;

    public RowChecker Rows { get; } = new(database, first, world.Trace);

    public FrontLeaseChecker Leases { get; } = new(world);

    public long MadeAt { get; } = world.Now;

    /// <summary>Null while it lives.</summary>
    public long? EndedAt { get; private set; }

    public bool IsLive => EndedAt is null;

    /// <summary>A client was told that it has made it.</summary>
    public bool IsClaimed { get; set; }

    /// <summary>The newest revision that a client was told of.</summary>
    public long Floor { get; set; }

    public void Committed(Batch batch)
    {
        Rows.Committed(batch, database.Tables);
        Leases.Committed(batch);
        if (batch.Row.IsEnd)
        {
            world.Say("bucket", $"{Name} has ended, number {id}");
            EndedAt = world.Now;
        }
    }
}
