using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;

namespace Raftd.Testing;

/// <summary>Waits for a condition by asking again and again, up to a deadline.</summary>
public static class Until
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Of a wait that names none: a machine that is busy with other suites keeps it.</summary>
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(60);

    public static Task TrueAsync(string what, Func<bool> probe) => TrueAsync(what, DefaultLimit, probe);

    public static Task TrueAsync(string what, Func<Task<bool>> probe) => TrueAsync(what, DefaultLimit, probe);

    public static Task TrueAsync(string what, TimeSpan limit, Func<bool> probe) =>
        TrueAsync(what, limit, () => Task.FromResult(probe()));

    public static Task TrueAsync(string what, TimeSpan limit, Func<Task<bool>> probe) =>
        SomeAsync<object>(what, limit, async () => await probe() ? true : null);

    /// <returns>The first answer of <paramref name="probe"/> that is not null. A member that does not answer is no answer.</returns>
    /// <exception cref="TimeoutException">There was none within the limit.</exception>
    public static async Task<T> SomeAsync<T>(string what, TimeSpan limit, Func<Task<T?>> probe)
        where T : class
    {
        var started = Stopwatch.GetTimestamp();
        Exception? last = null;
        while (true)
        {
            try
            {
                if (await probe() is { } answer)
                {
                    return answer;
                }

                last = null;
            }
            catch (Exception failure) when (failure is HttpRequestException or SocketException or IOException
                or OperationCanceledException or JsonException or KeyNotFoundException)
            {
                last = failure;
            }

            if (Stopwatch.GetElapsedTime(started) > limit)
            {
                throw new TimeoutException($"not within {limit.TotalSeconds:0.#} s: {what}", last);
            }

            await Task.Delay(Pause);
        }
    }
}
