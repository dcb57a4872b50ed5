using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Raftd.Contract;
using Raftd.Node.Replication;
using Raftd.Store.Commands;

namespace Raftd.Node.Service;

/// <summary>Answers what other members send to the leader. 200 with the answer, 422 with an expected failure, 421 when
/// this member does not lead (surely not done), 500 when the outcome is not known.</summary>
internal sealed class LeaderCallServer
{
    // The largest command: a value, its key and what surrounds them.
    private const int MaxBodyBytes = 80 << 20;

    private readonly Replica _replica;
    private readonly ILogger _logger;
    private readonly Dictionary<string, Func<byte[], CancellationToken, ValueTask<ReadOnlyMemory<byte>>>> _calls = new(StringComparer.Ordinal);

    public LeaderCallServer(Replica replica, LeaderCalls calls, ILogger logger)
    {
        _replica = replica;
        _logger = logger;
        Add(calls.KeepAlive);
        Add(calls.TimeToLive);
        Add(calls.LeasedKeys);
        Add(calls.Leases);
        Add(calls.Join);
        Add(calls.RemoveMember);
        Add(calls.PromoteMember);
        Add(calls.TransferLeadership);
    }

    public Task ProposeAsync(HttpContext context) => AnswerAsync(context, async command =>
    {
        // What cannot be applied must not enter the log: no member could get past it. What only a newer build can read, the
        // replica refuses for its level.
        if (CommandCodec.LevelOf(command) <= FeatureLevel.Newest && !CommandCodec.TryDecode(command, out _))
        {
            throw new StoreException(ErrorCode.BadRequest, $"{command.Length} bytes that are no command");
        }

        var outcome = await _replica.ProposeAsync(command);
        return CommandResultCodec.Encode(LeaderRouter.Result(outcome));
    });

    public Task CallAsync(HttpContext context, string name) => AnswerAsync(context, body =>
        _calls.TryGetValue(name, out var call)
            ? call(body, context.RequestAborted)
            : throw new StoreException(ErrorCode.BadRequest, $"no member call is named {name}"));

    private void Add<TRequest, TResponse>(LeaderCall<TRequest, TResponse> call) =>
        _calls.Add(call.Name, async (body, cancellationToken) =>
        {
            var request = JsonSerializer.Deserialize(body, call.RequestType)
                ?? throw new StoreException(ErrorCode.BadRequest, $"{call.Name} has no request");
            return JsonSerializer.SerializeToUtf8Bytes(await call.Answer(request, cancellationToken), call.ResponseType);
        });

    private async Task AnswerAsync(HttpContext context, Func<byte[], ValueTask<ReadOnlyMemory<byte>>> answer)
    {
        try
        {
            var bytes = await answer(await ReadBodyAsync(context));
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        }
        catch (NotLeaderException elsewhere)
        {
            context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
            await context.Response.WriteAsync(elsewhere.Message);
        }
        catch (StoreException expected)
        {
            context.Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
            await context.Response.Body.WriteAsync(
                JsonSerializer.SerializeToUtf8Bytes(CallError.Of(expected), CallJson.Default.CallError));
        }
        catch (JsonException malformed)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            NodeLog.PeerCallFailed(_logger, malformed.Message);
        }
    }

    private static async Task<byte[]> ReadBodyAsync(HttpContext context)
    {
        if (context.Request.ContentLength is not { } length || length > MaxBodyBytes)
        {
            throw new StoreException(ErrorCode.TooLarge, $"a member call says its length, at most {MaxBodyBytes} bytes");
        }

        var body = new byte[length];
        await context.Request.Body.ReadExactlyAsync(body, context.RequestAborted);
        return body;
    }
}
