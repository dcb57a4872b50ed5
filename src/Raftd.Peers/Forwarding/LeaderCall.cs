using System.Text.Json.Serialization.Metadata;
using Raftd.Contract;

namespace Raftd.Peers.Forwarding;

/// <summary>A call that only the leader answers: asked here if this member leads, else sent to the one that does.</summary>
/// <param name="Name">Its name on the wire.</param>
/// <param name="RequestType">How the request travels.</param>
/// <param name="ResponseType">How the answer travels.</param>
/// <param name="ChangesState">A lost answer leaves the outcome unknown; without it the call is simply asked again.</param>
/// <param name="Answer">What the leader does for its caller; throws NotLeaderException when it is not.</param>
internal sealed record LeaderCall<TRequest, TResponse>(
    string Name,
    JsonTypeInfo<TRequest> RequestType,
    JsonTypeInfo<TResponse> ResponseType,
    bool ChangesState,
    Func<Caller, TRequest, ValueTask<TResponse>> Answer);
