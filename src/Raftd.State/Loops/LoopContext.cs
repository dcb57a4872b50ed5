namespace Raftd.State.Loops;

/// <summary>Runs the awaited code of a loop in the loop's steps, one continuation after the other.</summary>
/// <remarks>
/// A sequence like "decide, wait for the entry, ask for the leader" reads best as awaited code. On the thread pool its
/// continuations would run outside the loop's steps, and no simulator could repeat them. So each continuation is posted
/// here and runs in the loop's next step. Such code awaits only what parts of the member complete, and takes its times from
/// the loop.
/// </remarks>
internal sealed class LoopContext : SynchronizationContext
{
    private readonly Mailbox<(SendOrPostCallback Code, object? State)> _inbox = new(int.MaxValue);
    private List<(SendOrPostCallback Code, object? State)> _batch = [];

    /// <summary>Set by the owner of the loop: called when there is something to do.</summary>
    public Action Wake
    {
        set => _inbox.Wake = value;
    }

    public override void Post(SendOrPostCallback d, object? state) => _inbox.Post((d, state));

    /// <summary>Begins awaited code. An exception that it does not catch ends the loop. Any thread.</summary>
    public void Run(Func<Task> code) => Post(static state => Begin((Func<Task>)state!), code);

    /// <summary>On the loop's thread.</summary>
    /// <returns>True when a continuation has run.</returns>
    public bool Step()
    {
        if (!_inbox.Take(ref _batch))
        {
            return false;
        }

        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            foreach (var (code, state) in _batch)
            {
                code(state);
            }
        }
        finally
        {
            SetSynchronizationContext(before);
            _batch.Clear();
        }

        return true;
    }

    // async void: an exception is posted to this context, and thrown by the step that takes it.
    private static async void Begin(Func<Task> code) => await code();
}
