using System.IO.Pipelines;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Raftd.Tls;

/// <summary>The one answer to a connection that is refused before any request of it is read.</summary>
/// <param name="Status">Of HTTP.</param>
/// <param name="Code">As the codes of the REST face.</param>
/// <param name="Error">What happened.</param>
/// <param name="Hint">What to do.</param>
internal sealed record PortAnswer(int Status, string Code, string Error, string Hint)
{
    private const int MaxDrainedBytes = 1 << 20;

    /// <summary>For the answer to be asked for, where that is needed, and to be read.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>The body, in the form of the REST face's errors.</summary>
    private byte[] Body => Encoding.UTF8.GetBytes(
        $$"""{"error":"{{Json(Error)}}","code":"{{Code}}","hint":"{{Json(Hint)}}"}""" + "\n");

    /// <summary>Sends the answer and waits, within bounds, until the other side has closed: closing before its bytes are read would
    /// make the system reset the connection, and the answer would be lost.</summary>
    public async Task SendAsync(IDuplexPipe connection, bool isHttp2, TimeProvider time)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        try
        {
            if (isHttp2)
            {
                await Http2Answer.SendAsync(connection, Status, Body, limit.Token);
            }
            else
            {
                await connection.Output.WriteAsync(Http1(Body), limit.Token);
            }

            await DrainAsync(connection.Input, limit.Token);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // It had its time, or has gone without reading.
        }
    }

    private static async Task DrainAsync(PipeReader input, CancellationToken cancellationToken)
    {
        for (var drained = 0L; drained < MaxDrainedBytes;)
        {
            var read = await input.ReadAsync(cancellationToken);
            drained += read.Buffer.Length;
            input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private byte[] Http1(byte[] body) =>
    [
        .. Encoding.ASCII.GetBytes(
            $"HTTP/1.1 {Status} Refused\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"),
        .. body,
    ];

    private static JsonEncodedText Json(string text) => JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
}
