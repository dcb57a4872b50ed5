// The messages of a gRPC call.
//
//   +------+-----------------+-----------+
//   | flag | length          | message   |   flag: 1 for a compressed message; length: big-endian
//   | 1    | 4               | length    |
//   +------+-----------------+-----------+
//
// What has arrived of a message stays in Kestrel's pipe until it is whole, and is parsed there. It is counted against the
// budgets of bodies as it arrives, and until the handler is done with it; and it may take as long as a body of REST of its
// size. An answer is written into Kestrel's pipe at once and counted until the client has taken it.

using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Pipelines;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Raftd.Api.Etcd;
using Raftd.Api.Http;

namespace Raftd.Api.Grpc;

internal sealed class GrpcCall(HttpContext context, ApiServices services) : EtcdCall(context, services)
{
    private const int HeadBytes = 5;

    private readonly PipeReader _requests = context.Request.BodyReader;
    private bool _takesGzip;

    private HeldBytes _held;

    /// <summary>A message was written: what is said of the end follows it.</summary>
    public bool HasAnswered { get; private set; }

    /// <exception cref="EtcdException">The call's headers do not fit.</exception>
    public void Begin(EtcdMethod method)
    {
        var headers = Context.Request.Headers;
        _takesGzip = TakesGzip(headers.GrpcEncoding.ToString());
        Begin(method, TimeoutOf(headers.GrpcTimeout.ToString()));
    }

    public override string? Metadata(string name) =>
        Context.Request.Headers.TryGetValue(name, out var value) ? value.ToString() : null;

    public override async ValueTask<T?> ReadAsync<T>()
        where T : class
    {
        Release();
        Patience? patience = null;
        try
        {
            while (true)
            {
                var result = _requests.TryRead(out var arrived) ? arrived : await _requests.ReadAsync(patience?.Token ?? Waiting);
                if (TryTake<T>(result, out var message, out var missing) || missing == 0)
                {
                    return message;
                }

                patience ??= PatienceFor(missing);
            }
        }
        catch (OperationCanceledException) when (patience is { IsOver: true })
        {
            throw TooSlow();
        }
        finally
        {
            patience?.Dispose();
        }
    }

    public override async ValueTask<T> ReadOneAsync<T>()
    {
        var message = await ReadAsync<T>();
        if (message is null)
        {
            throw new EtcdException(new EtcdStatus(GrpcCode.Internal, "grpc: the request has no message"));
        }

        // Mostly there already: the end comes with the message.
        var result = _requests.TryRead(out var arrived) ? arrived : await _requests.ReadAsync(Waiting);
        var isEnd = result.Buffer.IsEmpty && result.IsCompleted;
        _requests.AdvanceTo(result.Buffer.End);
        return isEnd ? message : throw new EtcdException(new EtcdStatus(GrpcCode.Internal, "grpc: the request has more than one message"));
    }

    public override async ValueTask AnswerAsync(IMessage message)
    {
        var bytes = message.CalculateSize();
        if (IsSmall(bytes))
        {
            // Kestrel sends it together with the trailers.
            Put(message, bytes);
            return;
        }

        await SendAsync(message, bytes);
    }

    public override ValueTask WriteAsync(IMessage message) => SendAsync(message, message.CalculateSize());

    public override async ValueTask WriteJoinedAsync<T>(Func<IEnumerable<T>> parts)
    {
        var left = await CountAsync(parts(), int.MaxValue);
        HasAnswered = true;
        try
        {
            PutHead((int)left);
            foreach (var part in parts())
            {
                var bytes = part.CalculateSize();
                left -= bytes;
                if (left < 0)
                {
                    break;
                }

                using var share = Hold(bytes);
                part.WriteTo(Context.Response.BodyWriter);
                await FlushAsync(bytes);
            }

            if (left != 0)
            {
                throw new OperationCanceledException("the store has compacted a part of the message while it was sent");
            }
        }
        catch
        {
            // The message has begun and cannot be ended: what follows would be read as the rest of it.
            Context.Abort();
            throw;
        }
    }

    protected override void Release() => _held.Release();

    private static bool TakesGzip(string encoding) => encoding switch
    {
        "" or "identity" => false,
        "gzip" => true,
        _ => throw new EtcdException(EtcdStatus.Unimplemented(
            $"grpc: Decompressor is not installed for grpc-encoding \"{encoding}\"")),
    };

    private static TimeSpan? TimeoutOf(string text) => text.Length == 0 ? null
        : CallTimeout.TryParse(text, out var timeout) ? timeout
        : throw new EtcdException(new EtcdStatus(GrpcCode.Internal, $"malformed grpc-timeout: {text}"));

    /// <returns>False where there is no whole message yet. Then missing is the size of the one that has begun, with its head;
    /// 0 where none has and none will.</returns>
    private bool TryTake<T>(ReadResult result, out T? message, out long missing)
        where T : class, IMessage, new()
    {
        var buffer = result.Buffer;
        var (consumed, examined) = (buffer.Start, buffer.End);
        message = null;
        missing = HeadBytes;
        try
        {
            if (buffer.IsEmpty)
            {
                missing = result.IsCompleted ? 0 : missing;
                return false;
            }

            if (buffer.Length >= HeadBytes)
            {
                missing = HeadBytes + LengthOf(buffer);
                _held.Count(Math.Min(missing, buffer.Length), Services);
            }

            if (buffer.Length < missing)
            {
                return result.IsCompleted
                    ? throw new EtcdException(new EtcdStatus(GrpcCode.Internal, "grpc: the request ended within a message"))
                    : false;
            }

            var isCompressed = buffer.FirstSpan[0] != 0;
            var content = buffer.Slice(HeadBytes, missing - HeadBytes);
            consumed = examined = content.End;
            message = new T();
            message.MergeFrom(isCompressed ? new ReadOnlySequence<byte>(Inflate(content)) : content);
            return true;
        }
        finally
        {
            _requests.AdvanceTo(consumed, examined);
        }
    }

    private long LengthOf(ReadOnlySequence<byte> buffer)
    {
        Span<byte> length = stackalloc byte[HeadBytes - 1];
        buffer.Slice(1, length.Length).CopyTo(length);
        var bytes = BinaryPrimitives.ReadUInt32BigEndian(length);
        var limit = Services.Options.MaxMessageBytes;
        return bytes <= limit ? bytes : throw new EtcdException(EtcdStatus.MessageTooLarge(bytes, limit));
    }

    /// <summary>The limit holds for what comes out as well.</summary>
    private ReadOnlyMemory<byte> Inflate(ReadOnlySequence<byte> content)
    {
        if (!_takesGzip)
        {
            throw new EtcdException(new EtcdStatus(
                GrpcCode.Internal, "grpc: compressed flag set with identity or empty encoding"));
        }

        var limit = Services.Options.MaxMessageBytes;
        var inflated = new ArrayBufferWriter<byte>();
        try
        {
            using var stream = new GZipStream(PipeReader.Create(content).AsStream(), CompressionMode.Decompress);
            for (int read; (read = stream.Read(inflated.GetSpan())) > 0;)
            {
                inflated.Advance(read);
                if (inflated.WrittenCount > limit)
                {
                    throw new EtcdException(new EtcdStatus(
                        GrpcCode.ResourceExhausted, $"grpc: received message after decompression larger than max {limit}"));
                }

                _held.Count(content.Length + inflated.Capacity, Services);
            }
        }
        catch (InvalidDataException malformed)
        {
            throw new EtcdException(new EtcdStatus(
                GrpcCode.Internal, $"grpc: failed to decompress the received message: {malformed.Message}"));
        }

        return inflated.WrittenMemory;
    }

    private async ValueTask SendAsync(IMessage message, int bytes)
    {
        using var share = Hold(bytes);
        Put(message, bytes);
        await FlushAsync(bytes);
    }

    private void Put(IMessage message, int bytes)
    {
        HasAnswered = true;
        PutHead(bytes);
        message.WriteTo(Context.Response.BodyWriter);
    }

    private void PutHead(int bytes)
    {
        var writer = Context.Response.BodyWriter;
        var head = writer.GetSpan(HeadBytes);
        head[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(head[1..], bytes);
        writer.Advance(HeadBytes);
    }
}
