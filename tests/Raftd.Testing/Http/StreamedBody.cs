using System.IO.Pipelines;
using System.Net;

namespace Raftd.Testing.Http;

/// <summary>A request body that is sent as it is written.</summary>
public sealed class StreamedBody : HttpContent
{
    private readonly Pipe _pipe = new();

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes) => await _pipe.Writer.WriteAsync(bytes);

    public void End() => _pipe.Writer.Complete();

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        while (true)
        {
            var result = await _pipe.Reader.ReadAsync();
            foreach (var part in result.Buffer)
            {
                await stream.WriteAsync(part);
            }

            await stream.FlushAsync();
            _pipe.Reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
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
}
