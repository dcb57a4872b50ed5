namespace Raftd.Node.Loops;

/// <summary>Where awaited code of a loop goes on: in the loop's steps, one piece after the other.</summary>
/// <remarks>
/// A sequence like "decide, wait for the entry, ask who leads" reads best as awaited code. Left to the thread pool it would
/// run where its owner does not step it, and no simulator could repeat it; so each continuation is posted here, and runs
/// with the loop's next step. Such code awaits only what parts of the member complete, and has its times from the loop.
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
    /// <returns>True when something was done.</returns>
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
