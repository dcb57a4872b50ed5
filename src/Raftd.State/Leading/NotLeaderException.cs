namespace Raftd.State.Leading;

/// <summary>Surely not done here: this member does not lead, or does not yet speak for the leases. Look elsewhere.</summary>
public sealed class NotLeaderException(string reason) : Exception(reason);
