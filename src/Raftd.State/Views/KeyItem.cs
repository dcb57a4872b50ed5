namespace Raftd.State.Views;

/// <summary>A key as a view has it. The value's bytes must not be changed.</summary>
public readonly record struct KeyItem(
    ReadOnlyMemory<byte> Value, long CreateRevision, long ModRevision, long Version, long Lease);
