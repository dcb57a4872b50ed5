namespace Raftd.Testing.Buckets;

/// <summary>What survives a crash: the state of the last Write that was committed. Stores come and go over it.</summary>
public sealed class ModelDisk
{
    internal ModelBucketState State { get; set; } = ModelBucketState.Empty;
}

/// <summary>The moments of a Write at which a hook may end the world by throwing.</summary>
public enum ModelWriteMoment
{
    /// <summary>Nothing has happened. A BucketStoreException here is a full or failing disk.</summary>
    BeforeBatch,

    /// <summary>The batch has run, nothing is durable.</summary>
    BeforeCommit,

    /// <summary>All of the batch is durable, and the caller has not been told.</summary>
    AfterCommit,
}

/// <summary>The member stops here. Thrown by hooks; the store over the disk is then of no use.</summary>
public sealed class ModelCrashException(string where) : Exception($"crash {where}");
