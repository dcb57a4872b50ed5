namespace Raftd.Node.Service;

/// <summary>Surely not done here: this member does not lead, or does not yet speak for the leases. Look elsewhere.</summary>
internal sealed class NotLeaderException(string reason) : Exception(reason);
