// POST /join at the peer address. A member that is started with etcd's flags knows its peers' peer addresses alone, so they
// take it in there as well. Body and answer are those of the client route (docs/rest.md), over HTTP/2 as all that peers
// speak, and with the certificates of peers.

using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Peers;

namespace Raftd.Node.Peers.Http;

/// <param name="group">Refuses while this member does not run.</param>
/// <param name="time">Of the limit for a body.</param>
internal sealed class PeerJoin(IGroupService group, TimeProvider time)
{
    public const string Path = "/join";
    private const int MaxBodyBytes = 16 << 10;
    private static readonly TimeSpan BodyLimit = TimeSpan.FromSeconds(10);

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            var request = RequestOf(await ReadAsync(context));
            var answer = await group.JoinAsync(Caller.Nobody, request, context.RequestAborted);
            await WriteAsync(context, StatusCodes.Status200OK, AnswerOf(answer), JoinJson.Default.JoinAnswer);
        }
        catch (StoreException refusal)
        {
            var (status, code) = CodeOf(refusal.Code);
            await WriteAsync(context, status, new JoinRefusal(refusal.Message, code, refusal.Hint), JoinJson.Default.JoinRefusal);
        }
    }

    /// <exception cref="StoreException">BadRequest.</exception>
    private async Task<byte[]> ReadAsync(HttpContext context)
    {
        using var late = new CancellationTokenSource(BodyLimit, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, late.Token);
        var reader = context.Request.BodyReader;
        try
        {
            var read = await reader.ReadAtLeastAsync(MaxBodyBytes + 1, limit.Token);
            var body = read.Buffer.Length <= MaxBodyBytes ? read.Buffer.ToArray() : null;
            reader.AdvanceTo(read.Buffer.End);
            return body ?? throw new StoreException(ErrorCode.BadRequest, $"the body of a join has more than {MaxBodyBytes} bytes");
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            throw new StoreException(ErrorCode.BadRequest, $"the body did not come within {BodyLimit.TotalSeconds} s");
        }
    }

    /// <exception cref="StoreException">BadRequest.</exception>
    private static JoinRequest RequestOf(byte[] bytes)
    {
        if (!ForeignJson.TryRead(bytes, JoinJson.Default.JoinBody, out var body)
            || !ulong.TryParse(body.Instance, NumberStyles.None, CultureInfo.InvariantCulture, out var instance))
        {
            throw new StoreException(ErrorCode.BadRequest, "the body is not the JSON of a join");
        }

        return new JoinRequest
        {
            Label = body.Id,
            HttpAddress = body.HttpAddr,
            PeerAddress = body.RaftAddr,
            Instance = instance,
            Generator = body.Generator,
            FeatureLevel = body.FeatureLevel,
        };
    }

    private static JoinAnswer AnswerOf(JoinResponse answer) => new(
        Text(answer.ClusterId),
        Text(answer.MemberId),
        answer.Generator,
        [.. answer.Members.Select(static member => new JoinedMember(Text(member.Id), member.Label, member.HttpAddress, member.PeerAddress))]);

    /// <summary>As the client route says them; what is neither a refusal for good nor about the level is tried again.</summary>
    private static (int Status, string Code) CodeOf(ErrorCode code) => code switch
    {
        ErrorCode.BadRequest => (StatusCodes.Status400BadRequest, "bad_request"),
        ErrorCode.LevelTooLow => (StatusCodes.Status409Conflict, Joining.LevelTooLow),
        ErrorCode.Conflict or ErrorCode.AddressTaken => (StatusCodes.Status409Conflict, "conflict"),
        _ => (StatusCodes.Status503ServiceUnavailable, "not_ready"),
    };

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task WriteAsync<T>(HttpContext context, int status, T answer, JsonTypeInfo<T> type)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.BodyWriter.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(answer, type));
    }
}
