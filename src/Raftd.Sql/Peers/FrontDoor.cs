using Microsoft.Extensions.Logging;
using Raftd.Peers;
using Raftd.State.Commands;

namespace Raftd.Sql.Peers;

/// <summary>Which callers are accepted at the peer address: fronts of this database that mean this start of this front.</summary>
/// <param name="self">This front.</param>
/// <param name="hints">Gets the streams of those who want hints.</param>
/// <param name="calls">Begins the leader's end of a stream of calls.</param>
/// <param name="logger">Told of callers that are refused.</param>
internal sealed class FrontDoor(PeerIdentity self, HintFeed hints, Func<IIncomingStream, IStreamMachine> calls, ILogger logger)
{
    private const string WhenMoved = "a front has another number after each start, and others read it within a second";

    public void Knock(PeerHandshake caller, string path, IIncomingStream stream)
    {
        if ((self.Refusal(caller, FeatureLevel.Newest, WhenMoved) ?? RefusalOfNewer(caller)) is { } refusal)
        {
            PeerLog.PeerRefused(logger, caller.FromLabel, refusal);
            stream.Refuse(PeerStatus.Conflict, refusal);
            return;
        }

        switch (path)
        {
            case PeerPaths.Proposals or PeerPaths.Calls:
                stream.Accept(calls(stream));
                break;
            case PeerPaths.Hints when !hints.Leads:
                stream.Refuse(PeerStatus.Unavailable, "this front does not lead");
                break;
            case PeerPaths.Hints:
                Hint(stream);
                break;
            default:
                stream.Refuse(PeerStatus.NotFound, $"no such call: {path}");
                break;
        }
    }

    /// <summary>Its commands may be none that can be read here: it commits them itself.</summary>
    private static string? RefusalOfNewer(PeerHandshake caller) => caller.Level > FeatureLevel.Newest
        ? $"the build of {caller.FromLabel} knows feature level {caller.Level}, this one {FeatureLevel.Newest}: upgrade this front too"
        : null;

    private void Hint(IIncomingStream stream)
    {
        var session = new HintSession(stream, hints);
        hints.Add(session);
        stream.Accept(session);
    }
}
