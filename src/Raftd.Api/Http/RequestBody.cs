using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Raftd.Api.Http;

/// <summary>A request body, read whole. Its bytes count against the budget until it is disposed of.</summary>
/// <remarks>
/// The length is checked before the first read, because the first read is what makes Kestrel send `100 Continue`: a client
/// that announces too much gets its 413 instead, and sends nothing. What is left of a refused body Kestrel reads and drops
/// for up to five seconds after the answer, so that the client reads the answer and not a reset connection.
/// </remarks>
internal sealed class RequestBody : IDisposable
{
    private const int FirstChunkBytes = 16 * 1024;

    private readonly BodyBudget _budget;
    private readonly long _limitBytes;
    private byte[] _buffer = [];
    private int _length;
    private long _reservedBytes;

    private RequestBody(BodyBudget budget, long limitBytes)
    {
        _budget = budget;
        _limitBytes = limitBytes;
    }

    /// <summary>May be changed: nobody else holds it.</summary>
    public Memory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <param name="context">The request.</param>
    /// <param name="limitBytes">The longest body; 413 above it.</param>
    /// <param name="limitName">What the limit is called in the answer.</param>
    /// <param name="budget">Where the bytes are counted.</param>
    public static async ValueTask<RequestBody> ReadAsync(
        HttpContext context, long limitBytes, string limitName, BodyBudget budget)
    {
        var body = new RequestBody(budget, limitBytes);
        try
        {
            if (context.Request.ContentLength is { } length)
            {
                body.CheckLength(length, limitName);
                await body.ReadKnownAsync(context, (int)length);
            }
            else
            {
                await body.ReadChunkedAsync(context, limitName);
            }

            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _budget.Release(_reservedBytes);
        _reservedBytes = 0;
    }

    private async ValueTask ReadKnownAsync(HttpContext context, int length)
    {
        if (length == 0)
        {
            return;
        }

        Reserve(length);
        _buffer = GC.AllocateUninitializedArray<byte>(length);
        var reader = context.Request.BodyReader;
        while (_length < length)
        {
            var result = await reader.ReadAsync();
            Take(result.Buffer);
            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted && _length < length)
            {
                throw new BadHttpRequestException("The body ended early.");
            }
        }
    }

    private async ValueTask ReadChunkedAsync(HttpContext context, string limitName)
    {
        var reader = context.Request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync();
            try
            {
                var needed = _length + result.Buffer.Length;
                CheckLength(needed, limitName);
                Grow(needed);
                Take(result.Buffer);
            }
            finally
            {
                // Also when it is refused: Kestrel cannot drain a reader that holds what it has read.
                reader.AdvanceTo(result.Buffer.End);
            }

            if (result.IsCompleted)
            {
                return;
            }
        }
    }

    private void Take(ReadOnlySequence<byte> arrived)
    {
        arrived.CopyTo(_buffer.AsSpan(_length));
        _length += (int)arrived.Length;
    }

    private void Grow(long neededBytes)
    {
        if (neededBytes <= _buffer.Length)
        {
            return;
        }

        var size = Math.Min(Math.Max(Math.Max(FirstChunkBytes, neededBytes), 2L * _buffer.Length), _limitBytes);
        Reserve(size - _buffer.Length);
        Array.Resize(ref _buffer, (int)size);
    }

    private void CheckLength(long length, string limitName)
    {
        if (length > _limitBytes)
        {
            throw new ApiException(ApiError.TooLarge(
                $"the body is larger than {_limitBytes} bytes", $"the limit is {limitName}"));
        }
    }

    private void Reserve(long bytes)
    {
        if (!_budget.TryReserve(bytes))
        {
            throw new ApiException(ApiError.TooManyRequests(
                $"the request bodies in flight would exceed {_budget.LimitBytes} bytes"));
        }

        _reservedBytes += bytes;
    }
}
