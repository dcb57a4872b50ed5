using Raftd.Contract;
using Raftd.Sql.Service;

namespace Raftd.Simulation.Fronts.Clients;

/// <summary>One client: one request at a time at any front, a pause, the next.</summary>
internal abstract class FrontClient(FrontWorld world, Dice dice, string name)
{
    private SimulatedFront? _asked;

    protected FrontWorld World { get; } = world;

    protected Dice Dice { get; } = dice;

    public string Name { get; } = name;

    public bool IsStopping { get; set; }

    public bool HasStopped { get; private set; }

    /// <summary>How often it asks the same front again.</summary>
    protected virtual double Constancy => 0.5;

    public void Start() => new SteppedContext(World, owner: null).Run(LiveAsync);

    protected abstract Task ActAsync(FrontIncarnation front);

    /// <summary>Asks, and waits for as long as a client has patience.</summary>
    protected Task<Reply<T>> AskAsync<T>(FrontIncarnation front, Func<SqlService, ValueTask<T>> call) =>
        AskAsync(World, front, call, Patience());

    /// <summary>Of one request: how long it waits for the answer.</summary>
    protected long Patience() => World.IsQuiet ? 20 * Scheduler.Second : Dice.Between(Scheduler.Second / 5, 8 * Scheduler.Second);

    public static Task<Reply<T>> AskAsync<T>(FrontWorld world, FrontIncarnation front, Func<SqlService, ValueTask<T>> call, long patience) =>
        AskAsync(world, front, () => call(front.Parts!.Service), patience);

    public static Task<Reply<T>> AskAsync<T>(FrontWorld world, FrontIncarnation front, Func<ValueTask<T>> call, long patience)
    {
        var reply = new TaskCompletionSource<Reply<T>>();
        new SteppedContext(world, front).Run(async () =>
        {
            try
            {
                var answer = await call();
                reply.TrySetResult(new Reply<T>(answer, null, HasAnswer: true));
            }
            catch (StoreException refusal)
            {
                reply.TrySetResult(new Reply<T>(default, refusal, HasAnswer: false));
            }
        });
        world.Scheduler.After(patience, () => reply.TrySetResult(default));
        return reply.Task;
    }

    protected Task PauseAsync(long duration)
    {
        var over = new TaskCompletionSource();
        World.Scheduler.After(Math.Max(1, duration), over.SetResult);
        return over.Task;
    }

    private async Task LiveAsync()
    {
        while (!IsStopping)
        {
            await PauseAsync(Math.Min(Dice.Exponential(World.Swarm.ThinkMicroseconds), 4 * World.Swarm.ThinkMicroseconds));
            _asked = _asked is not null && Dice.Chance(Constancy) ? _asked : Dice.Pick(World.Fronts);
            if (_asked.Running is { } front && !IsStopping)
            {
                await ActAsync(front);
            }
        }

        HasStopped = true;
    }
}

/// <summary>An answer, a refusal, or neither in time.</summary>
internal readonly record struct Reply<T>(T? Answer, StoreException? Refusal, bool HasAnswer)
{
    /// <summary>The request may have been done.</summary>
    public bool IsUnknown => !HasAnswer && Refusal is null or { Code: ErrorCode.UnknownOutcome };
}
