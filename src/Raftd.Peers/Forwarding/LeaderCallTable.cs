using System.Text.Json;
using Raftd.Contract;
using Raftd.State.Leading;

namespace Raftd.Peers.Forwarding;

/// <summary>The calls that a leader answers, by the names that they have on the wire.</summary>
internal sealed class LeaderCallTable
{
    private readonly Dictionary<string, Func<Caller, ReadOnlyMemory<byte>, Task<ReadOnlyMemory<byte>>>> _calls =
        new(StringComparer.Ordinal);

    public LeaderCallTable(LeaseCalls leases)
    {
        Add(leases.KeepAlive);
        Add(leases.TimeToLive);
        Add(leases.LeasedKeys);
        Add(leases.Leases);
    }

    /// <exception cref="NotLeaderException">Surely not done.</exception>
    /// <exception cref="StoreException">Refused; also what is no request of such a call.</exception>
    public Task<ReadOnlyMemory<byte>> AnswerAsync(string name, Caller caller, ReadOnlyMemory<byte> body) =>
        _calls.TryGetValue(name, out var call)
            ? call(caller, body)
            : throw new StoreException(ErrorCode.BadRequest, $"no member call is named {name}");

    public void Add<TRequest, TResponse>(LeaderCall<TRequest, TResponse> call) =>
        _calls.Add(call.Name, async (caller, body) =>
        {
            var answer = await call.Answer(caller, Read(call, body));
            return JsonSerializer.SerializeToUtf8Bytes(answer, call.ResponseType);
        });

    private static TRequest Read<TRequest, TResponse>(LeaderCall<TRequest, TResponse> call, ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body.Span, call.RequestType)
                ?? throw new StoreException(ErrorCode.BadRequest, $"{call.Name} has no request");
        }
        catch (JsonException malformed)
        {
            throw new StoreException(ErrorCode.BadRequest, $"{call.Name}: {malformed.Message}");
        }
    }
}
