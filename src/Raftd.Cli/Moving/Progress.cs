using System.Globalization;

namespace Raftd.Cli.Moving;

/// <summary>Lines on stderr that say how far a move has come.</summary>
internal sealed class Progress(TextWriter stderr, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly long _began = time.GetTimestamp();
    private long _last = time.GetTimestamp();

    public long Keys { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Keys and bytes so far, and how fast.</summary>
    public string Summary
    {
        get
        {
            var seconds = Math.Max(time.GetElapsedTime(_began).TotalSeconds, 0.001);
            return string.Create(
                CultureInfo.InvariantCulture, $"{Keys} keys, {Bytes / 1048576.0:0.0} MiB in {seconds:0.0} s, {Keys / seconds:0} keys/s");
        }
    }

    public void Say(string line)
    {
        stderr.WriteLine(line);
        stderr.Flush();
    }

    public void Add(string doing, long keys, long bytes)
    {
        Keys += keys;
        Bytes += bytes;
        if (time.GetElapsedTime(_last) >= Interval)
        {
            _last = time.GetTimestamp();
            Say($"{doing}: {Summary}");
        }
    }
}
