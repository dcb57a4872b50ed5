using System.IO.Pipelines;

namespace Raftd.Peers.Http;

/// <summary>The thin part between a machine and HTTP: it moves bytes, and it alone waits.</summary>
internal static class StreamPump
{
    // Between two questions to a held machine whether it can go on.
    private static readonly TimeSpan HeldPause = TimeSpan.FromMilliseconds(1);

    /// <summary>Sends what the machine has, whenever it is woken, until it is done.</summary>
    public static async Task SendAsync(IStreamMachine machine, WakeSignal wake, Stream body, CancellationToken cancellationToken)
    {
        while (true)
        {
            var output = machine.Take();
            if (!output.Bytes.IsEmpty)
            {
                await body.WriteAsync(output.Bytes, cancellationToken);
                await body.FlushAsync(cancellationToken);
            }

            if (output.IsLast)
            {
                return;
            }

            if (output.Bytes.IsEmpty)
            {
                await wake.WaitAsync();
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>Hands the machine what comes, until the peer ends its direction.</summary>
    public static async Task ReceiveAsync(
        IStreamMachine machine, PipeReader body, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            foreach (var segment in read.Buffer)
            {
                var isDone = machine.Receive(segment.Span);
                while (!isDone)
                {
                    await Task.Delay(HeldPause, time, cancellationToken);
                    isDone = machine.Receive([]);
                }
            }

            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                machine.Finished();
                return;
            }
        }
    }
}
