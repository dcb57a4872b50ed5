using System.Text;
using Microsoft.Extensions.Logging;
using Raftd.Cli.Logging;

namespace Raftd.Cli.Tests;

public sealed class ServerLogTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public void Close_LinesWaiting_WritesThemAll()
    {
        using var output = new MemoryStream();
        var log = new ServerLog(output, new TextLineFormatter(), TimeProvider.System);
        using (var loggers = log.CreateFactory(LogLevel.Information))
        {
            var logger = loggers.CreateLogger("Raftd.Cli");
            for (var i = 0; i < 1000; i++)
            {
                CliLog.UnknownVariable(logger, $"RAFTD_{i}");
            }
        }

        log.Close(Limit);

        var lines = Lines(output);
        Assert.Equal(1000, lines.Length);
        Assert.Contains(" warn  UnknownVariable(100) RAFTD_999 is in the environment", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Level_HidesWhatIsBelow_AndTheFrameworksChatter()
    {
        using var output = new MemoryStream();
        var log = new ServerLog(output, new TextLineFormatter(), TimeProvider.System);
        using (var loggers = log.CreateFactory(LogLevel.Information))
        {
            loggers.CreateLogger("Raftd.Node").LogDebug("hidden");
            loggers.CreateLogger("Raftd.Node").LogInformation("shown");
            loggers.CreateLogger("Microsoft.AspNetCore.Hosting").LogInformation("hidden");
            loggers.CreateLogger("Microsoft.AspNetCore.Hosting").LogWarning("shown too");
        }

        log.Close(Limit);

        Assert.Equal(2, Lines(output).Length);
        Assert.DoesNotContain("hidden", Encoding.UTF8.GetString(output.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Log_SlowReader_LosesLinesIsToldHowManyAndHoldsNoCallerUp()
    {
        using var output = new BlockedStream();
        var log = new ServerLog(output, new TextLineFormatter(), TimeProvider.System);
        var logger = log.CreateLogger("Raftd.Node");
        logger.LogInformation("the writer gets stuck with this one");
        output.WaitUntilBlocked();

        const int Surplus = 500;
        for (var i = 0; i < ServerLog.QueueCapacity + Surplus; i++)
        {
            CliLog.Stopped(logger);
        }

        output.Release();
        log.Close(Limit);

        var text = output.Text;
        Assert.Contains($"LinesLost(199) Log lines were lost because they came faster than they could be written Lost={Surplus}\n", text, StringComparison.Ordinal);
        Assert.Equal(1 + ServerLog.QueueCapacity + 1, text.Split('\n').Length - 1);
    }

    [Fact]
    public void Line_LongerThanTheBound_IsCutAtACharacter()
    {
        using var output = new MemoryStream();
        var log = new ServerLog(output, new TextLineFormatter(), TimeProvider.System);

        CliLog.UnknownVariable(log.CreateLogger("Raftd.Cli"), new string('ä', ServerLog.MaxLineBytes));
        log.Close(Limit);

        Assert.InRange(output.ToArray().Length, ServerLog.MaxLineBytes - 4, ServerLog.MaxLineBytes);
        Assert.DoesNotContain('\uFFFD', Assert.Single(Lines(output)));
    }

    [Fact]
    public void Log_ReaderIsGone_HoldsNoCallerUp()
    {
        var log = new ServerLog(new FailingStream(), new TextLineFormatter(), TimeProvider.System);

        log.CreateLogger("Raftd.Node").LogInformation("lost: the reader is gone");
        log.Close(Limit);
        log.CreateLogger("Raftd.Node").LogInformation("after the end");
    }

    private static string[] Lines(MemoryStream output) =>
        Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private sealed class BlockedStream : MemoryStream
    {
        private readonly ManualResetEventSlim _blocked = new();
        private readonly ManualResetEventSlim _released = new();

        public string Text => Encoding.UTF8.GetString(ToArray());

        public void WaitUntilBlocked() => Assert.True(_blocked.Wait(Limit));

        public void Release() => _released.Set();

        public override void Write(byte[] buffer, int offset, int count)
        {
            _blocked.Set();
            Assert.True(_released.Wait(Limit));
            base.Write(buffer, offset, count);
        }

        protected override void Dispose(bool disposing)
        {
            _blocked.Dispose();
            _released.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class FailingStream : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("Broken pipe");
    }
}
