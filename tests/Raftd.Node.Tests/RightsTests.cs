using System.Reflection;
using System.Runtime.CompilerServices;
using Raftd.Contract;

namespace Raftd.Node.Tests;

/// <summary>The contract as the faces ask it: a caller whose name the cluster does not know gets nothing.</summary>
public sealed class RightsTests(LoneNode lone) : IClassFixture<LoneNode>
{
    /// <summary>Every call of the contract that carries a caller.</summary>
    public static TheoryData<Type, string> Calls =>
    [
        .. new[]
            {
                typeof(IKeyValueService), typeof(ILeaseService), typeof(IWatchService), typeof(IClusterService), typeof(IGroupService),
                typeof(IMaintenanceService), typeof(IListService),
            }
            .SelectMany(static service => service.GetMethods())
            .Where(static method => method.GetParameters() is [{ } first, ..] && first.ParameterType == typeof(Caller))
            .Select(static method => new TheoryDataRow<Type, string>(method.DeclaringType!, method.Name)),
    ];

    [Theory]
    [MemberData(nameof(Calls))]
    public void Call_OfAUserWithoutUsers_IsRefusedBeforeItIsLookedAt(Type service, string name)
    {
        var method = service.GetMethod(name)!;
        var arguments = method.GetParameters().Select(static parameter => Argument(parameter.ParameterType)).ToArray();

        var refused = Assert.IsType<StoreException>(
            Assert.Throws<TargetInvocationException>(() => method.Invoke(Of(service), arguments)).InnerException);

        Assert.Equal(ErrorCode.Unauthenticated, refused.Code);
        Assert.Contains("user alice", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Calls_OfTheContract_AreAllTried() => Assert.True(Calls.Count > 15, $"{Calls.Count} calls carry a caller");

    private object Of(Type service) => service == typeof(IKeyValueService) ? lone.Node.KeyValues
        : service == typeof(ILeaseService) ? lone.Node.Leases
        : service == typeof(IWatchService) ? lone.Node.Watches
        : service == typeof(IClusterService) ? lone.Node.Cluster
        : service == typeof(IMaintenanceService) ? lone.Node.Maintenance
        : service == typeof(IListService) ? lone.Node.Lists
        : lone.Node.Group;

    /// <summary>Nothing of it is read.</summary>
    private static object? Argument(Type type) => type == typeof(Caller) ? Caller.User("alice")
        : type == typeof(string) ? ""
        : RuntimeHelpers.GetUninitializedObject(type);
}
