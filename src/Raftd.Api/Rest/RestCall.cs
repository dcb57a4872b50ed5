using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Primitives;
using Raftd.Api.Http;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Routing;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>One request on its way through a handler.</summary>
internal sealed class RestCall(
    HttpContext context, RestRoute route, ApiServices services, Keyspace keyspace, byte[] parameter, Fields query)
{
    public const string RevisionHeader = "X-Raftd-Revision";

    private static readonly StringValues NoSniff = "nosniff";

    public HttpContext Context { get; } = context;

    public HttpRequest Request => Context.Request;

    public HttpResponse Response => Context.Response;

    public RestRoute Route { get; } = route;

    public ApiServices Services { get; } = services;

    /// <summary>That of the bucket which the path names, or the default one.</summary>
    public Keyspace Keyspace { get; } = keyspace;

    /// <summary>Who asks. There is no way yet in which a client could say so.</summary>
    public Caller Caller { get; } = Caller.Nobody;

    /// <summary>The fields of the query, all known to the route.</summary>
    public Fields Query { get; } = query;

    /// <summary>The path's parameter, decoded; empty where there is none.</summary>
    public byte[] Parameter { get; } = parameter;

    public bool IsHead => HttpMethods.IsHead(Request.Method);

    /// <summary>Ends waits when the client goes. Not for writes: the store ends those by its own time limit, and asking
    /// Kestrel for this token costs each request an allocation.</summary>
    public CancellationToken ClientGone => Context.RequestAborted;

    /// <summary>The key that the path or `?key64=` names, within its bounds.</summary>
    public byte[] Key()
    {
        var key = KeyOrEmpty();
        if (key.Length == 0)
        {
            ApiException.BadRequest("the key is empty", "name it in the path: /key/a, or as ?key64=");
        }

        return key;
    }

    public byte[] KeyOrEmpty()
    {
        var key = Parameter;
        if (Query.Base64Url("key64") is { } named)
        {
            if (key.Length > 0)
            {
                ApiException.BadRequest("the key is given twice, in the path and as key64", "leave the path at its slash");
            }

            key = named;
        }

        if (key.Length > Services.Options.MaxKeyBytes)
        {
            ApiException.BadRequest(
                $"the key has {key.Length} bytes", $"a key has at most {Services.Options.MaxKeyBytes} bytes");
        }

        return key;
    }

    /// <summary>Of the body of a put: the engine's limit, or this server's, whichever is less.</summary>
    public int MaxValueBytes => Math.Min(Services.Options.MaxValueBytes, Keyspace.Cluster.Limits.MaxValueBytes);

    /// <summary>A key that is to be put, within the engine's bounds too.</summary>
    public byte[] KeyToPut()
    {
        var key = Key();
        Keyspace.Cluster.Limits.RequireKey(key.Length);
        return key;
    }

    public string ParameterText() => Utf8.IsValid(Parameter)
        ? Encoding.UTF8.GetString(Parameter)
        : ApiException.BadRequest<string>("the path is not UTF-8 here");

    public ReadLevel Level() => Query.Text("level") switch
    {
        null or "default" or "consistent" => ReadLevel.Linearizable,
        "stale" => ReadLevel.Stale,
        var other => ApiException.BadRequest<ReadLevel>($"`level={other}` is unknown", "use default, consistent or stale"),
    };

    public void SetRevision(long revision) => Response.Headers[RevisionHeader] = Format(revision);

    public static string Format(long number) => number.ToString(CultureInfo.InvariantCulture);

    public void SetContentType(string type)
    {
        Response.ContentType = type;
        Response.Headers.XContentTypeOptions = NoSniff;
    }

    public ValueTask WriteEmptyAsync(int status = StatusCodes.Status200OK)
    {
        Response.StatusCode = status;
        if (status is not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified))
        {
            Response.ContentLength = 0;
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask WriteTextAsync(string text, string type = ContentTypes.Text, int status = StatusCodes.Status200OK)
    {
        Response.StatusCode = status;
        SetContentType(type);
        return WriteBytesAsync(Encoding.UTF8.GetBytes(text));
    }

    public ValueTask WriteJsonAsync<T>(T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK)
    {
        Response.StatusCode = status;
        SetContentType(ContentTypes.Json);
        return WriteBytesAsync(JsonSerializer.SerializeToUtf8Bytes(value, type));
    }

    /// <summary>Writes the body and its length; for HEAD the length alone. A large body counts as an answer in flight.</summary>
    public async ValueTask WriteBytesAsync(ReadOnlyMemory<byte> bytes)
    {
        if (IsHead || bytes.Length <= RaftdApi.AnswerPieceBytes)
        {
            await WriteCountedAsync(bytes);
            return;
        }

        using var share = Services.Answers.Hold(bytes.Length);
        await WriteCountedAsync(bytes);
    }

    /// <summary>The same for bytes that are counted already.</summary>
    public async ValueTask WriteCountedAsync(ReadOnlyMemory<byte> bytes)
    {
        Response.ContentLength = bytes.Length;
        if (IsHead)
        {
            return;
        }

        var writer = Response.BodyWriter;
        if (bytes.Length <= RaftdApi.AnswerPieceBytes)
        {
            // Kestrel sends what lies in the writer when the request ends: one system call for headers and body.
            writer.Write(bytes.Span);
            return;
        }

        CutOffSlowReader();
        using var patience = PatienceFor(bytes.Length);
        for (var start = 0; start < bytes.Length; start += RaftdApi.AnswerPieceBytes)
        {
            writer.Write(bytes.Slice(start, Math.Min(RaftdApi.AnswerPieceBytes, bytes.Length - start)).Span);
            if (!await TryFlushAsync(patience))
            {
                return;
            }
        }
    }

    /// <summary>Of a reader over HTTP/2, for which Kestrel knows no rate of a single answer; null for others.</summary>
    private Patience? PatienceFor(long answerBytes) =>
        HttpProtocol.IsHttp2(Request.Protocol) ? new Patience(answerBytes, Services, CancellationToken.None) : null;

    /// <summary>Sends a piece of an answer whose length is not known.</summary>
    /// <inheritdoc cref="TryFlushAsync(Patience?)"/>
    public async ValueTask<bool> TryFlushAsync(int pieceBytes)
    {
        using var patience = PatienceFor(pieceBytes);
        return await TryFlushAsync(patience);
    }

    /// <summary>Sends what has been written.</summary>
    /// <returns>False when the reader is gone, or was cut off.</returns>
    public async ValueTask<bool> TryFlushAsync(Patience? patience)
    {
        try
        {
            return !(await Response.BodyWriter.FlushAsync(patience?.Token ?? CancellationToken.None)).IsCompleted;
        }
        catch (OperationCanceledException) when (patience is { IsOver: true })
        {
            Context.Abort();
            return false;
        }
    }

    /// <summary>From here on the client reads at the rate of large answers in the mean, or is cut off. Before the first byte.</summary>
    /// <remarks>Kestrel adds up the time that each piece may take, and the kernel takes megabytes for a reader that stands
    /// still: at the rate for all answers, 1 KiB/s, it would keep the value for more than an hour.</remarks>
    public void CutOffSlowReader()
    {
        if (Context.Features.Get<IHttpMinResponseDataRateFeature>() is { } feature)
        {
            feature.MinDataRate = Services.LargeAnswerRate;
        }
    }

    public ValueTask WriteErrorAsync(ApiError error)
    {
        if (error.Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
        {
            Response.Headers.RetryAfter = "1";
        }

        return WriteJsonAsync(ErrorView.Of(error), ApiJson.Instance.ErrorView, error.Status);
    }

    /// <summary>True once a client that waits for `100 Continue` has been told to send.</summary>
    public bool BodyWasRead { get; private set; }

    public async ValueTask<RequestBody> ReadBodyAsync(long limitBytes, string limitName)
    {
        var body = await RequestBody.ReadAsync(Context, limitBytes, limitName, Services);
        BodyWasRead = true;
        return body;
    }
}
