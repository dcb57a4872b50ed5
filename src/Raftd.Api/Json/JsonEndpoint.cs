using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Raftd.Api.Etcd;
using Raftd.Api.Http;

namespace Raftd.Api.Json;

/// <summary>Takes a request under /v3/ to its method, and says how it ended with an HTTP status and as JSON.</summary>
internal sealed class JsonEndpoint(EtcdTable table, ApiServices services)
{
    private const string Prefix = "/v3/";
    private const string BetaPrefix = "/v3beta/";

    private static readonly EtcdStatus UnknownPath = new(GrpcCode.NotFound, "Not Found");
    private static readonly EtcdStatus WrongMethod = new(GrpcCode.Unimplemented, "Method Not Allowed");

    // Texts come as they are: the type of the answer and `nosniff` say that it is no HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static bool IsJson(string rawTarget)
    {
        var path = RawTarget.Split(rawTarget).Path;
        return path.StartsWith("/v3") && (path.StartsWith(Prefix) || path.StartsWith(BetaPrefix));
    }

    public static void SetContentType(HttpResponse response)
    {
        response.ContentType = "application/json";
        response.Headers.XContentTypeOptions = "nosniff";
    }

    public async Task InvokeAsync(HttpContext context, string rawTarget)
    {
        var (path, bucket) = PathAndBucket(rawTarget);
        var method = table.FindJson(path.StartsWith(BetaPrefix, StringComparison.Ordinal) ? Prefix + path[BetaPrefix.Length..] : path);
        if (method is null)
        {
            await RefuseAsync(context, UnknownPath, isStream: false);
            return;
        }

        if (!HttpMethods.IsPost(context.Request.Method))
        {
            await RefuseAsync(context, WrongMethod, isStream: false);
            return;
        }

        using var call = new JsonCall(context, services);
        try
        {
            await call.BeginAsync(method, bucket);
            await method.RunAsync(call);
        }
        catch (Exception exception)
        {
            // The boundary: for any exception the client gets a status.
            var status = CallFailures.StatusOf(exception, call, method);
            await EndAsync(context, status, method.IsStream);
        }
    }

    public static Task RefuseAsync(HttpContext context, ApiError forgery) =>
        RefuseAsync(context, new EtcdStatus(GrpcCode.PermissionDenied, $"raftd: {forgery.Message}"), isStream: false);

    private static (string Path, string? Bucket) PathAndBucket(string rawTarget)
    {
        var target = RawTarget.Split(rawTarget);
        return (target.Path.ToString(), target.HasBucket ? target.Bucket.ToString() : null);
    }

    private static Task EndAsync(HttpContext context, EtcdStatus status, bool isStream)
    {
        if (context.RequestAborted.IsCancellationRequested)
        {
            return Task.CompletedTask;
        }

        if (!context.Response.HasStarted)
        {
            return RefuseAsync(context, status, isStream);
        }

        if (isStream)
        {
            return WriteErrorAsync(context, status, isStream);
        }

        // Half an answer must not look like a whole one.
        context.Abort();
        return Task.CompletedTask;
    }

    private static Task RefuseAsync(HttpContext context, EtcdStatus status, bool isStream)
    {
        var response = context.Response;
        response.Clear();
        response.StatusCode = HttpStatusOf(status.Code);
        SetContentType(response);
        if (status.Code == GrpcCode.Unauthenticated)
        {
            response.Headers.WWWAuthenticate = status.Message;
        }

        if (context.Request.Headers.Expect.Count > 0 && !HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            // A client that waits to be asked for its body may be left without: see RestErrors.
            response.Headers.Connection = "close";
        }

        return WriteErrorAsync(context, status, isStream);
    }

    private static async Task WriteErrorAsync(HttpContext context, EtcdStatus status, bool isStream)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text, Options))
        {
            json.WriteStartObject();
            if (isStream)
            {
                json.WriteStartObject("error");
                WriteFields(json, status);
                json.WriteNumber("grpc_code", (int)status.Code);
                json.WriteNumber("http_code", HttpStatusOf(status.Code));
                json.WriteEndObject();
            }
            else
            {
                WriteFields(json, status);
                json.WriteString("error", status.Message);
            }

            json.WriteEndObject();
        }

        text.Write("\n"u8);
        if (!context.Response.HasStarted)
        {
            context.Response.ContentLength = text.WrittenCount;
        }

        await context.Response.BodyWriter.WriteAsync(text.WrittenMemory, CancellationToken.None);
    }

    private static void WriteFields(Utf8JsonWriter json, EtcdStatus status)
    {
        json.WriteNumber("code", (int)status.Code);
        json.WriteString("message", status.Message);
    }

    private static int HttpStatusOf(GrpcCode code) => code switch
    {
        GrpcCode.Ok => StatusCodes.Status200OK,
        GrpcCode.InvalidArgument or GrpcCode.FailedPrecondition or GrpcCode.OutOfRange => StatusCodes.Status400BadRequest,
        GrpcCode.Unauthenticated => StatusCodes.Status401Unauthorized,
        GrpcCode.PermissionDenied => StatusCodes.Status403Forbidden,
        GrpcCode.NotFound => StatusCodes.Status404NotFound,
        GrpcCode.AlreadyExists or GrpcCode.Aborted => StatusCodes.Status409Conflict,
        GrpcCode.ResourceExhausted => StatusCodes.Status429TooManyRequests,
        GrpcCode.Canceled => StatusCodes.Status499ClientClosedRequest,
        GrpcCode.Unimplemented => StatusCodes.Status501NotImplemented,
        GrpcCode.Unavailable => StatusCodes.Status503ServiceUnavailable,
        GrpcCode.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status500InternalServerError,
    };
}
