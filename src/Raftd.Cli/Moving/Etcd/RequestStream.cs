using System.IO.Pipelines;
using System.Net;
using Google.Protobuf;

namespace Raftd.Cli.Moving.Etcd;

/// <summary>The requests of a stream that both sides write. It is never ended: the call is given up.</summary>
internal sealed class RequestStream : HttpContent
{
    private readonly Pipe _pipe = new();
    private readonly SemaphoreSlim _writing = new(1);

    public async Task WriteAsync(IMessage message)
    {
        await _writing.WaitAsync();
        try
        {
            await _pipe.Writer.WriteAsync(GrpcFrames.Of(message));
        }
        finally
        {
            _writing.Release();
        }
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        while (true)
        {
            var read = await _pipe.Reader.ReadAsync();
            foreach (var part in read.Buffer)
            {
                await stream.WriteAsync(part);
            }

            await stream.FlushAsync();
            _pipe.Reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        _pipe.Writer.Complete();
        _writing.Dispose();
        base.Dispose(disposing);
    }
}
