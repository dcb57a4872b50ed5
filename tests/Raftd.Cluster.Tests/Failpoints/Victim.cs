using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests.Failpoints;

/// <summary>A member whose program has failpoints. It dies at one, and comes back with the next: what the one left behind is
/// recovered on the way to the other.</summary>
internal sealed class Victim
{
    private const int KilledExitCode = 128 + (int)Signal.Kill;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Member _member;

    private Victim(Member member) => _member = member;

    public Member Member => _member;

    /// <param name="member">Stopped, or to be killed and started by this.</param>
    public static async Task<Victim> OfAsync(Member member)
    {
        member.Program = await Build.WithFailpointsAsync();
        return new Victim(member);
    }

    /// <param name="plan">As in src/Raftd.Shared/Failpoint.cs; empty for none.</param>
    public async Task StartAsync(string plan)
    {
        if (_member.IsRunning)
        {
            await _member.KillAsync();
        }

        _member.Variables = [("RAFTD_FAILPOINTS", plan)];
        _member.Start();
    }

    /// <summary>Starts with the plan, and returns once the member has died of it.</summary>
    /// <param name="plan">With one kill.</param>
    /// <param name="bringAbout">Done again and again until then, well or not.</param>
    public async Task DieAsync(string plan, Func<Task>? bringAbout = null) =>
        Assert.True(await EndAsync(plan, bringAbout) == KilledExitCode, $"{plan}: not killed but {_member.LastLine}");

    /// <summary>Starts with the plan, and returns once the member has ended by it, with this exit code and its line.</summary>
    /// <param name="plan">With one error.</param>
    /// <param name="exitCode">As in docs/operations.md.</param>
    /// <param name="bringAbout">Done again and again until then, well or not.</param>
    public async Task StopAsync(string plan, int exitCode, Func<Task>? bringAbout = null)
    {
        Assert.Equal((plan, exitCode), (plan, await EndAsync(plan, bringAbout)));
        Assert.Matches("^raftd: .+: .+", _member.LastLine);
    }

    /// <summary>Returns once the member has come by.</summary>
    public Task ReachedAsync(string name) => Until.TrueAsync($"{name} is reached", Limit, () => HasReached(name));

    /// <summary>False if the member has not come by within a second.</summary>
    public async Task<bool> HasSoonReachedAsync(string name)
    {
        for (var look = 0; look < 20 && !HasReached(name); look++)
        {
            await Task.Delay(50);
        }

        return HasReached(name);
    }

    private bool HasReached(string name) => _member.Log.Contains($"failpoint {name}:", StringComparison.Ordinal);

    private async Task<int> EndAsync(string plan, Func<Task>? bringAbout)
    {
        await StartAsync(plan);
        await Until.TrueAsync($"{_member.Label} has ended by {plan}", Limit, async () =>
        {
            if (_member.IsRunning && bringAbout is not null)
            {
                await bringAbout();
            }

            return !_member.IsRunning;
        });
        Assert.Contains("failpoint ", _member.Log, StringComparison.Ordinal);
        return await _member.EndAsync();
    }
}
