using Google.Protobuf.Reflection;
using Raftd.Api.Etcd;
using Raftd.Api.Wire.Health;
using Raftd.Api.Wire.Reflection;
using Status = Raftd.Api.Wire.Health.HealthCheckResponse.Types.ServingStatus;

namespace Raftd.Api.Tests.Etcd;

/// <summary>Health and reflection, and that the table of methods has all that the descriptors name.</summary>
public sealed class ToolsTests : IAsyncLifetime
{
    private readonly InMemoryHost _host = new();
    private GrpcClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        await _host.InitializeAsync();
        _client = GrpcClient.Of(_host);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Health_OfTheServer_FollowsReadyz()
    {
        Assert.Equal(Status.Serving, (await CheckAsync("")).Only.Status);
        _host.Cluster.ReadinessFailure = "no";
        Assert.Equal(Status.NotServing, (await CheckAsync("")).Only.Status);
        (await CheckAsync("etcdserverpb.KV")).Is(new EtcdStatus(GrpcCode.NotFound, "unknown service"));
    }

    [Fact]
    public async Task Health_Watched_TellsEachChange()
    {
        using var stream = _client.Open<HealthCheckResponse>("grpc.health.v1.Health/Watch");
        await stream.WriteAsync(new HealthCheckRequest());
        stream.EndSending();
        Assert.Equal(Status.Serving, (await stream.ReadAsync()).Status);
        _host.Cluster.ReadinessFailure = "no";
        Assert.Equal(Status.NotServing, (await stream.ReadAsync()).Status);
    }

    [Fact]
    public async Task Health_OfAnUnknownService_WatchedStaysUnknown()
    {
        using var stream = _client.Open<HealthCheckResponse>("grpc.health.v1.Health/Watch");
        await stream.WriteAsync(new HealthCheckRequest { Service = "x" });
        stream.EndSending();
        Assert.Equal(Status.ServiceUnknown, (await stream.ReadAsync()).Status);
    }

    [Theory]
    [InlineData("v1")]
    [InlineData("v1alpha")]
    public async Task Reflection_OfEachVersion_ListsServicesAndFindsTheirFiles(string version)
    {
        using var stream = _client.Open<ServerReflectionResponse>($"grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
        await stream.WriteAsync(new ServerReflectionRequest { ListServices = "*" });
        var services = (await stream.ReadAsync()).ListServicesResponse.Service.Select(service => service.Name).ToArray();
        Assert.Contains("etcdserverpb.KV", services, StringComparer.Ordinal);
        foreach (var service in services)
        {
            await stream.WriteAsync(new ServerReflectionRequest { FileContainingSymbol = service });
            var files = (await stream.ReadAsync()).FileDescriptorResponse.FileDescriptorProto;
            Assert.NotEmpty(FileDescriptor.BuildFromByteStrings(files.Reverse()));
        }

        await stream.WriteAsync(new ServerReflectionRequest { FileByFilename = "rpc.proto" });
        Assert.Equal(3, (await stream.ReadAsync()).FileDescriptorResponse.FileDescriptorProto.Count);
        await stream.WriteAsync(new ServerReflectionRequest { FileContainingSymbol = "no.such" });
        Assert.Equal(5, (await stream.ReadAsync()).ErrorResponse.ErrorCode);
    }

    [Fact]
    public void Table_OfMethods_HasAllThatAreDescribed()
    {
        FileDescriptor[] files =
        [
            Wire.RpcReflection.Descriptor, Wire.Locks.V3LockReflection.Descriptor, Wire.Elections.V3ElectionReflection.Descriptor,
            HealthReflection.Descriptor, ReflectionReflection.Descriptor,
        ];
        var described = files.SelectMany(file => file.Services).SelectMany(service => service.Methods).ToArray();
        var table = new EtcdTable(_host.Services);
        foreach (var method in described)
        {
            var row = table.FindGrpc($"/{method.Service.FullName}/{method.Name}");
            Assert.True(row is not null, method.FullName);
            Assert.Equal(method.Service.FullName.StartsWith("grpc.", StringComparison.Ordinal), row.JsonPaths.Count == 0);
        }
    }

    private Task<GrpcAnswer<HealthCheckResponse>> CheckAsync(string service) =>
        _client.CallAsync<HealthCheckResponse>("grpc.health.v1.Health/Check", new HealthCheckRequest { Service = service });
}
