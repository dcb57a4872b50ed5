using Microsoft.Net.Http.Headers;
using Raftd.Api.Http;
using Raftd.Api.Rest.Http;

namespace Raftd.Api.Rest;

/// <summary>The fields of a lease request: of the query, and of a body that is an urlencoded form, multipart, or the data
/// itself. Holds the body's memory until it is disposed of, because the fields lie in it.</summary>
internal sealed class LeaseForm : IDisposable
{
    /// <summary>Field names, boundaries, part headers and the escapes of short fields.</summary>
    private const int OverheadBytes = 64 * 1024;

    private readonly RequestBody _body;

    private LeaseForm(RequestBody body, Fields fields)
    {
        _body = body;
        Fields = fields;
    }

    public Fields Fields { get; }

    /// <param name="call">The request.</param>
    /// <param name="bodyIsDataWith">Where the query has this name the body is the field `data`, of any type; null
    /// for a route whose body is a form or nothing.</param>
    public static async ValueTask<LeaseForm> ReadAsync(RestCall call, string? bodyIsDataWith)
    {
        var isData = bodyIsDataWith is not null && call.Query.Has(bodyIsDataWith);
        var type = MediaTypeHeaderValue.TryParse(call.Request.ContentType, out var parsed) ? parsed : null;
        var body = await call.ReadBodyAsync(LimitBytes(call, isData, type), "-max-value-bytes, for the data");
        try
        {
            var fields = body.Bytes.IsEmpty ? Fields.None
                : isData ? DataField(body.Bytes)
                : Parse(body.Bytes, type);
            fields.AllowOnly(isData ? ["data"] : call.Route.FormNames, "form field");
            CheckData(call, fields);
            return new LeaseForm(body, ReferenceEquals(fields, Fields.None) ? call.Query : call.Query.With(fields));
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose() => _body.Dispose();

    /// <summary>Percent-encoding triples data in a form; multipart carries it as it is. Not above what the budget of bodies
    /// can hold while its buffer grows: that would be 429 for ever.</summary>
    private static long LimitBytes(RestCall call, bool isData, MediaTypeHeaderValue? type)
    {
        var options = call.Services.Options;
        long value = call.MaxValueBytes;
        var bytes = isData ? value
            : IsMultipart(type) ? value + OverheadBytes
            : Math.Min((3 * value) + OverheadBytes, Array.MaxLength);
        return Math.Min(bytes, Math.Max(RequestBody.SmallBytes, options.MaxBodiesInFlightBytes / 2));
    }

    private static Fields DataField(ReadOnlyMemory<byte> bytes)
    {
        var fields = new Fields();
        fields.Add("data", bytes);
        return fields;
    }

    private static Fields Parse(Memory<byte> body, MediaTypeHeaderValue? type)
    {
        if (IsMultipart(type))
        {
            return Multipart.Parse(body, type!);
        }

        if (type is null || type.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
        {
            return Fields.FromForm(body);
        }

        return ApiException.BadRequest<Fields>(
            $"a body of type {type.MediaType} is no form", "send a form, or name the key as ?key= and the body is its data");
    }

    private static bool IsMultipart(MediaTypeHeaderValue? type) =>
        type is not null && type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase);

    private static void CheckData(RestCall call, Fields fields)
    {
        if (fields.TryGet("data", out var data) && data.Length > call.MaxValueBytes)
        {
            throw new ApiException(ApiError.TooLarge(
                $"the data is larger than {call.MaxValueBytes} bytes", "the limit is -max-value-bytes"));
        }
    }
}
