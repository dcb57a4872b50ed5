namespace Raftd.Raft;

/// <summary>Durable entries that a peer needs and the core no longer has in memory: [Low, High), cut short at MaxBytes but
/// at least one.</summary>
/// <remarks>A leader asks for one such piece for each peer at a time, so what is read and not yet sent is bounded by the number
/// of peers times the size of a message.</remarks>
public readonly record struct EntriesWanted(NodeId Peer, ulong Low, ulong High, long MaxBytes);
