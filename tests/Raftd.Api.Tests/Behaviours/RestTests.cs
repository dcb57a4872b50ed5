namespace Raftd.Api.Tests.Behaviours;

/// <summary>On one member in this process.</summary>
public sealed class ListTests(OneMember member) : ListBehaviours, IClassFixture<OneMember>
{
    protected override IReadOnlyList<IApiHost> Members => member.Members;
}

public sealed class KeyChangeTests(OneMember member) : KeyChangeBehaviours, IClassFixture<OneMember>
{
    protected override IReadOnlyList<IApiHost> Members => member.Members;
}

public sealed class TxnTests(OneMember member) : TxnBehaviours, IClassFixture<OneMember>
{
    protected override IReadOnlyList<IApiHost> Members => member.Members;
}

public sealed class WatchTests(OneMember member) : WatchBehaviours, IClassFixture<OneMember>
{
    protected override IReadOnlyList<IApiHost> Members => member.Members;
}

public sealed class RouteTests(OneMember member) : RouteBehaviours, IClassFixture<OneMember>
{
    protected override IReadOnlyList<IApiHost> Members => member.Members;
}
