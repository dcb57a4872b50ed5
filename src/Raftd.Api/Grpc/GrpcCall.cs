// The messages of a gRPC call.
//
//   +------+-----------------+-----------+
//   | flag | length          | message   |   flag: 1 for a compressed message; length: big-endian
//   | 1    | 4               | length    |
//   +------+-----------------+-----------+
//
// What has arrived of a message stays in Kestrel's pipe until it is whole, and is parsed there; the calls that are asked most
// read their keys and values there too, so that it stays until they are done. It is counted against the budgets of bodies as
// it arrives, and until the handler is done with it; and it may take as long as a body of REST of its size. An answer is written into Kestrel's pipe at once and counted until the client has taken it.

using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Pipelines;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Raftd.Api.Etcd;
using Raftd.Api.Etcd.Codecs;
using Raftd.Api.Http;
using Raftd.Contract;

namespace Raftd.Api.Grpc;

internal sealed class GrpcCall(HttpContext context, ApiServices services) : EtcdCall(context, services)
{
    private const int HeadBytes = 5;

    private readonly PipeReader _requests = context.Request.BodyReader;
    private bool _takesGzip;
    private HeldBytes _held;

    /// <summary>What is read of the pipe and not given back: where the next read begins, and how far this one has looked.</summary>
    private (SequencePosition Consumed, SequencePosition Examined)? _read;

    /// <summary>A message was written: what is said of the end follows it.</summary>
    public bool HasAnswered { get; private set; }

    /// <exception cref="EtcdException">The call's headers do not fit.</exception>
    /// <exception cref="StoreException">There is no such bucket.</exception>
    public ValueTask BeginAsync(EtcdMethod method)
    {
        var headers = Context.Request.Headers;
        _takesGzip = TakesGzip(headers.GrpcEncoding.ToString());
        return BeginAsync(method, TimeoutOf(headers.GrpcTimeout.ToString()), bucket: null);
    }

    public override string? Metadata(string name) =>
        Context.Request.Headers.TryGetValue(name, out var value) ? value.ToString() : null;

    public override async ValueTask<T?> ReadAsync<T>()
        where T : class => await ReadContentAsync(isOnly: false) is { } content ? Parse<T>(content) : null;

    public override async ValueTask<T> ReadOneAsync<T>() => Parse<T>(await ReadOnlyContentAsync());

    public override async ValueTask<TValue?> ReadAsync<T, TValue>(EncodedReader<TValue> read)
    {
        if (await ReadContentAsync(isOnly: false) is not { } content)
        {
            return null;
        }

        var value = read(new ProtoReader(MemoryOf(content)));
        GiveBack();
        return value;
    }

    public override async ValueTask<ReadOnlyMemory<byte>> ReadOneEncodedAsync<T>() => MemoryOf(await ReadOnlyContentAsync());

    public override ValueTask AnswerAsync(IMessage message) => AnswerAsync(new MessageAnswer(message));

    public override ValueTask AnswerAsync<T, TAnswer>(TAnswer answer) => AnswerAsync(answer);

    public override ValueTask WriteAsync(IMessage message) => SendAsync(new MessageAnswer(message));

    public override ValueTask WriteAsync<T, TAnswer>(TAnswer answer) => SendAsync(answer);

    public override async ValueTask WriteJoinedAsync<T, TAnswer>(Func<IEnumerable<TAnswer>> parts)
    {
        var left = await CountAsync(parts(), int.MaxValue);
        HasAnswered = true;
        try
        {
            PutHead((int)left);
            foreach (var part in parts())
            {
                var bytes = part.Bytes;
                left -= bytes;
                if (left < 0)
                {
                    break;
                }

                using var share = Hold(bytes);
                ProtoWriter.Write(Context.Response.BodyWriter, part, bytes);
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

    protected override void Release()
    {
        GiveBack();
        _held.Release();
    }

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

    private async ValueTask<ReadOnlySequence<byte>> ReadOnlyContentAsync() => await ReadContentAsync(isOnly: true)
        ?? throw new EtcdException(new EtcdStatus(GrpcCode.Internal, "grpc: the request has no message"));

    /// <summary>Waits for the next message. Its bytes stay in the pipe, and counted, until GiveBack.</summary>
    /// <param name="isOnly">The request must end behind it. Mostly the end comes with the message.</param>
    /// <returns>Null at the end of the request.</returns>
    private async ValueTask<ReadOnlySequence<byte>?> ReadContentAsync(bool isOnly)
    {
        Release();
        Patience? patience = null;
        try
        {
            while (true)
            {
                var result = _requests.TryRead(out var arrived) ? arrived : await _requests.ReadAsync(patience?.Token ?? Waiting);
                var buffer = result.Buffer;
                _read = (buffer.Start, buffer.End);
                if (buffer.IsEmpty && result.IsCompleted)
                {
                    return null;
                }

                var bytes = MessageBytes(result, isOnly);
                if (buffer.Length >= bytes && (result.IsCompleted || !isOnly))
                {
                    var message = buffer.Slice(0, bytes);
                    _read = (message.End, message.End);
                    return ContentOf(message);
                }

                GiveBack();
                patience ??= PatienceFor(bytes);
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

    /// <summary>Of the message that has begun, with its head, as far as that is there.</summary>
    private long MessageBytes(ReadResult result, bool isOnly)
    {
        var buffer = result.Buffer;
        var bytes = buffer.Length < HeadBytes ? HeadBytes : HeadBytes + LengthOf(buffer);
        _held.Count(Math.Min(bytes, buffer.Length), Services);
        if (buffer.Length < bytes && result.IsCompleted)
        {
            throw new EtcdException(new EtcdStatus(GrpcCode.Internal, "grpc: the request ended within a message"));
        }

        return buffer.Length <= bytes || !isOnly
            ? bytes
            : throw new EtcdException(new EtcdStatus(GrpcCode.Internal, "grpc: the request has more than one message"));
    }

    private ReadOnlySequence<byte> ContentOf(ReadOnlySequence<byte> message)
    {
        var content = message.Slice(HeadBytes);
        var isCompressed = message.FirstSpan[0] != 0;
        return isCompressed ? new ReadOnlySequence<byte>(Inflate(content)) : content;
    }

    private T Parse<T>(ReadOnlySequence<byte> content)
        where T : class, IMessage, new()
    {
        var message = new T();
        message.MergeFrom(content);
        GiveBack();
        return message;
    }

    /// <summary>A message that came in several pieces is copied: what is made of it wants its keys and values whole.</summary>
    private static ReadOnlyMemory<byte> MemoryOf(ReadOnlySequence<byte> content) =>
        content.IsSingleSegment ? content.First : content.ToArray();

    /// <summary>Hands back to the pipe what was read of it; the next read begins there.</summary>
    private void GiveBack()
    {
        if (_read is { } read)
        {
            _read = null;
            _requests.AdvanceTo(read.Consumed, read.Examined);
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

    /// <summary>Kestrel sends a small one together with the trailers.</summary>
    private ValueTask AnswerAsync<TAnswer>(TAnswer answer)
        where TAnswer : struct, IEncodedAnswer
    {
        var bytes = answer.Bytes;
        if (!IsSmall(bytes))
        {
            return SendAsync(answer, bytes);
        }

        Put(answer, bytes);
        return ValueTask.CompletedTask;
    }

    private ValueTask SendAsync<TAnswer>(TAnswer answer)
        where TAnswer : struct, IEncodedAnswer => SendAsync(answer, answer.Bytes);

    private async ValueTask SendAsync<TAnswer>(TAnswer answer, int bytes)
        where TAnswer : struct, IEncodedAnswer
    {
        using var share = Hold(bytes);
        Put(answer, bytes);
        await FlushAsync(bytes);
    }

    private void Put<TAnswer>(TAnswer answer, int bytes)
        where TAnswer : struct, IEncodedAnswer
    {
        HasAnswered = true;
        PutHead(bytes);
        ProtoWriter.Write(Context.Response.BodyWriter, answer, bytes);
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
