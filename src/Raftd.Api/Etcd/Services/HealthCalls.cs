using Status = Raftd.Api.Wire.Health.HealthCheckResponse.Types.ServingStatus;

namespace Raftd.Api.Etcd.Services;

/// <summary>gRPC's own question: may clients be sent here? The answer is that of /readyz; it is the whole server's, whose
/// name is empty.</summary>
internal sealed class HealthCalls(ApiServices services)
{
    private static readonly TimeSpan TimeBetweenLooks = TimeSpan.FromSeconds(1);

    public static async ValueTask<Wire.Health.HealthCheckResponse> CheckAsync(Wire.Health.HealthCheckRequest request, EtcdCall call)
    {
        if (request.Service.Length > 0)
        {
            new EtcdStatus(GrpcCode.NotFound, "unknown service").Throw();
        }

        return new Wire.Health.HealthCheckResponse { Status = await StatusAsync(call, call.Deadline) };
    }

    /// <summary>The status now, and then each change of it.</summary>
    public async Task WatchAsync(Wire.Health.HealthCheckRequest request, EtcdCall call)
    {
        using var timer = new PeriodicTimer(TimeBetweenLooks, services.Clock);
        for (var told = Status.Unknown; ;)
        {
            var status = request.Service.Length > 0 ? Status.ServiceUnknown : await StatusAsync(call, call.Ended);
            if (status != told)
            {
                await call.WriteAsync(new Wire.Health.HealthCheckResponse { Status = status });
                told = status;
            }

            await timer.WaitForNextTickAsync(call.Ended);
        }
    }

    private static async ValueTask<Status> StatusAsync(EtcdCall call, CancellationToken cancellationToken)
    {
        var checks = await call.Keyspace.Cluster.ReadinessAsync(cancellationToken);
        return checks.All(static check => check.Passed) ? Status.Serving : Status.NotServing;
    }
}
