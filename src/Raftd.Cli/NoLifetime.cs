using Microsoft.Extensions.Hosting;

namespace Raftd.Cli;

/// <summary>Signals are handled by <see cref="StopSignals"/>: the web host must not have an opinion of its own.</summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
