using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Raftd.Api.Http;

/// <summary>A request body, read whole. Its buffer counts against a budget until it is disposed of.</summary>
/// <remarks>
/// <para>
/// The length is checked before the first read, because the first read is what makes Kestrel send `100 Continue`: a client
/// that announces too much gets its 413 instead, and sends nothing. What is left of a refused body Kestrel reads and drops
/// for up to five seconds after the answer, so that the client reads the answer and not a reset connection.
/// </para>
/// <para>
/// An announcement costs nothing, so nothing is counted for it: the buffer doubles as bytes arrive, and what is counted is
/// the buffer, never more than twice what has arrived (or 4 KiB), and both buffers while one is copied into the other. A
/// body that is refused half-way gives all of it back.
/// </para>
/// <para>
/// Bodies of up to 64 KiB have a budget of their own: keepalives pass while large bodies fill theirs. A body of announced
/// length belongs to one of them from its first byte, another one goes over when it outgrows the small ones.
/// </para>
/// <para>
/// Bytes that arrive at Kestrel's least rate would hold their part for hours. So a body has a deadline: ten seconds and
/// what its size takes at MinTransferBytesPerSecond, the size being the announced one, or else that of the buffer so far.
/// </para>
/// </remarks>
internal sealed class RequestBody : IDisposable
{
    /// <summary>The largest small body.</summary>
    public const int SmallBytes = 64 * 1024;

    /// <summary>What a byte alone makes the buffer. So small that the reserve covers it on every connection there can be.</summary>
    private const int FirstBufferBytes = 4 * 1024;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly ApiServices _services;
    private readonly long? _announcedBytes;
    private readonly long _limitBytes;
    private readonly string _limitName;
    private byte[] _buffer = [];
    private int _length;
    private ByteBudget _budget;

    /// <summary>From the first wait on.</summary>
    private CancellationTokenSource? _deadline;
    private TimeSpan _allowedTime;
    private long _waitingSince;

    private RequestBody(ApiServices services, long? announcedBytes, long limitBytes, string limitName)
    {
        _services = services;
        _announcedBytes = announcedBytes;
        _limitBytes = limitBytes;
        _limitName = limitName;
        _budget = BudgetOf(0);
    }

    /// <summary>May be changed: nothing else holds it.</summary>
    public Memory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <param name="context">The request.</param>
    /// <param name="limitBytes">The longest body; 413 above it.</param>
    /// <param name="limitName">What the limit is called in the answer.</param>
    /// <param name="services">Budgets, rates and the clock.</param>
    /// <exception cref="ApiException">413, 429, or 408 where the deadline has passed.</exception>
    public static async ValueTask<RequestBody> ReadAsync(
        HttpContext context, long limitBytes, string limitName, ApiServices services)
    {
        var body = new RequestBody(services, context.Request.ContentLength, limitBytes, limitName);
        try
        {
            body.CheckLength(body._announcedBytes ?? 0);
            if (body._announcedBytes != 0)
            {
                await body.ReadAsync(context.Request.BodyReader);
            }

            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
        finally
        {
            body._deadline?.Dispose();
        }
    }

    public void Dispose()
    {
        _budget.Release(_buffer.Length);
        _buffer = [];
        _length = 0;
    }

    private async ValueTask ReadAsync(PipeReader reader)
    {
        while (true)
        {
            var result = reader.TryRead(out var arrived) ? arrived : await WaitAsync(reader);
            try
            {
                var needed = _length + result.Buffer.Length;
                CheckLength(needed);
                Grow(needed);
                result.Buffer.CopyTo(_buffer.AsSpan(_length));
                _length = (int)needed;
            }
            finally
            {
                // Also when it is refused: Kestrel cannot drain a reader that holds what it has read.
                reader.AdvanceTo(result.Buffer.End);
            }

            if (_length == _announcedBytes)
            {
                return;
            }

            if (result.IsCompleted)
            {
                if (_announcedBytes is not null)
                {
                    throw new BadHttpRequestException("The body ended early.");
                }

                return;
            }
        }
    }

    private async ValueTask<ReadResult> WaitAsync(PipeReader reader)
    {
        ExtendDeadline();
        try
        {
            return await reader.ReadAsync(_deadline!.Token);
        }
        catch (OperationCanceledException) when (_deadline!.IsCancellationRequested)
        {
            var rate = _services.Options.MinTransferBytesPerSecond;
            throw new ApiException(ApiError.RequestTimeout(
                $"{_length} bytes of the body arrived within {_allowedTime.TotalSeconds:0} s, and it was to be whole by then",
                $"send at least {rate} bytes a second; nothing was stored"));
        }
    }

    private void ExtendDeadline()
    {
        var clock = _services.Clock;
        var bytes = _announcedBytes ?? Math.Max(SmallBytes, _buffer.Length);
        var allowed = Grace + TimeSpan.FromSeconds((double)bytes / _services.Options.MinTransferBytesPerSecond);
        if (_deadline is null)
        {
            _waitingSince = clock.GetTimestamp();
            _deadline = new CancellationTokenSource(allowed, clock);
        }
        else if (allowed != _allowedTime)
        {
            var left = allowed - clock.GetElapsedTime(_waitingSince);
            _deadline.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }

        _allowedTime = allowed;
    }

    private void Grow(long neededBytes)
    {
        if (neededBytes <= _buffer.Length)
        {
            return;
        }

        var size = Math.Min(
            Math.Max(Math.Max(FirstBufferBytes, neededBytes), 2L * _buffer.Length), _announcedBytes ?? _limitBytes);
        var budget = BudgetOf(size);
        budget.Reserve(size);
        var grown = GC.AllocateUninitializedArray<byte>((int)size);
        _buffer.AsSpan(0, _length).CopyTo(grown);
        _budget.Release(_buffer.Length);
        (_buffer, _budget) = (grown, budget);
    }

    private ByteBudget BudgetOf(long bufferBytes) =>
        (_announcedBytes ?? bufferBytes) <= SmallBytes ? _services.SmallBodies : _services.LargeBodies;

    private void CheckLength(long length)
    {
        if (length > _limitBytes)
        {
            throw new ApiException(ApiError.TooLarge(
                $"the body is larger than {_limitBytes} bytes", $"the limit is {_limitName}"));
        }
    }
}
