using Microsoft.Extensions.Logging;
using Raftd.Cli.Logging;
using Raftd.Cli.Settings;
using Raftd.Testing.Processes;

namespace Raftd.Cli.Tests;

/// <summary>One member in this process, from its command line to its exit code.</summary>
internal sealed class TlsMember : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly MemoryStream _written = new();
    private readonly Task<ExitCode> _run;

    private TlsMember(string label, string flags, string directory)
    {
        Address = $"127.0.0.1:{Ports.Free()}";
        PeerAddress = $"127.0.0.1:{Ports.Free()}";
        var settings = Given.Settings($"-id {label} -haddr {Address} -raddr {PeerAddress} {flags} {directory}");
        _run = Task.Run(() => RunAsync(settings));
    }

    /// <summary>Where clients reach it.</summary>
    public string Address { get; }

    /// <summary>Where other members reach it.</summary>
    public string PeerAddress { get; }

    public Uri Url => new($"https://{Address}");

    /// <summary>The end of the member, when it comes by itself.</summary>
    public Task<ExitCode> Ended => _run;

    /// <summary>What it has logged.</summary>
    public string Log
    {
        get
        {
            lock (_written)
            {
                return System.Text.Encoding.UTF8.GetString(_written.ToArray());
            }
        }
    }

    public static TlsMember Start(string label, string flags, string directory) => new(label, flags, directory);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)_run).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task<ExitCode> RunAsync(ServerSettings settings)
    {
        using var log = new ServerLog(new Guarded(_written), new TextLineFormatter(), TimeProvider.System);
        using var loggers = log.CreateFactory(LogLevel.Information);
        return await Serve.RunAsync(settings, log, loggers, _stop.Token);
    }

    /// <summary>The log's thread writes while a test reads.</summary>
    private sealed class Guarded(MemoryStream to) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            lock (to)
            {
                to.Write(buffer, offset, count);
            }
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
