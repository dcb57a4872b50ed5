namespace Raftd.PowerLoss.Tests.Recording;

/// <summary>A recording that cannot be used, through no fault of the member: it is made once more.</summary>
internal sealed class RecordingException(string message) : Exception(message);
