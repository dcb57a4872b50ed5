using Microsoft.Extensions.Hosting;

namespace Raftd.Cli;

/// <summary><see cref="StopSignals"/> handles signals: the web host must not handle them too.</summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
