using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Raftd.Api.Etcd;

namespace Raftd.Api.Grpc;

/// <summary>Takes a request of gRPC to its method, and says in trailers how it ended.</summary>
internal sealed class GrpcEndpoint(EtcdTable table, ApiServices services)
{
    private const string ContentType = "application/grpc";
    private const string KnownEncodings = "identity,gzip";

    /// <summary>Whether it is one, of the requests that nothing else knows: their paths are package.Service/Method.</summary>
    public static bool IsGrpc(HttpRequest request) =>
        HttpMethods.IsPost(request.Method)
        && request.ContentType is { } type && type.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase);

    public async Task InvokeAsync(HttpContext context, string rawTarget)
    {
        var response = context.Response;
        if (!HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            response.StatusCode = StatusCodes.Status505HttpVersionNotsupported;
            return;
        }

        response.ContentType = ContentType;
        var method = table.FindGrpc(rawTarget);
        if (method is null)
        {
            EndWithoutAnswer(response, UnknownStatus(rawTarget));
            return;
        }

        using var call = new GrpcCall(context, services);
        EtcdStatus status;
        try
        {
            await call.BeginAsync(method);
            await method.RunAsync(call);
            status = EtcdStatus.Ok;
        }
        catch (Exception exception)
        {
            // The boundary: for any exception the client gets a status.
            status = CallFailures.StatusOf(exception, call, method);
        }

        if (call.HasAnswered || response.HasStarted)
        {
            EndWithTrailers(context, status);
        }
        else
        {
            EndWithoutAnswer(response, status);
        }
    }

    /// <summary>A service of ours whose content type says that the request is not gRPC.</summary>
    public static void RefuseContentType(HttpContext context) =>
        context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;

    private EtcdStatus UnknownStatus(string path)
    {
        var slash = path.LastIndexOf('/');
        if (slash <= 0 || path[0] != '/')
        {
            return EtcdStatus.Unimplemented($"malformed method name: \"{path}\"");
        }

        var (service, method) = (path[1..slash], path[(slash + 1)..]);
        return EtcdStatus.Unimplemented(
            table.HasService(service) ? $"unknown method {method} for service {service}" : $"unknown service {service}");
    }

    private static void EndWithTrailers(HttpContext context, EtcdStatus status)
    {
        var trailers = context.Features.Get<IHttpResponseTrailersFeature>()!.Trailers;
        trailers.GrpcStatus = TextOf(status.Code);
        if (status.Message.Length > 0)
        {
            trailers.GrpcMessage = Encode(status.Message);
        }
    }

    /// <summary>The headers are the trailers then.</summary>
    private static void EndWithoutAnswer(HttpResponse response, EtcdStatus status)
    {
        response.Headers.GrpcStatus = TextOf(status.Code);
        response.Headers.GrpcMessage = Encode(status.Message);
        if (status.Code == GrpcCode.Unimplemented)
        {
            response.Headers.GrpcAcceptEncoding = KnownEncodings;
        }
    }

    private static string TextOf(GrpcCode code) => code == GrpcCode.Ok ? "0" : ((int)code).ToString();

    /// <summary>Percent-encoded but for printable ASCII, as gRPC wants it.</summary>
    private static string Encode(string message)
    {
        if (!message.AsSpan().ContainsAnyExceptInRange(' ', '~') && !message.Contains('%'))
        {
            return message;
        }

        var text = new StringBuilder(message.Length + 16);
        foreach (var next in Encoding.UTF8.GetBytes(message))
        {
            _ = next is >= (byte)' ' and <= (byte)'~' and not (byte)'%' ? text.Append((char)next) : text.Append($"%{next:X2}");
        }

        return text.ToString();
    }
}
