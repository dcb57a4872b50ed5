// The suites of the REST face that do not depend on how requests travel, over each way in which they may: what they ask is said
// once, in KeyApiTests and the others. What does depend on it is in TransportTests, RawTargetTests and BodyTests.

using Raftd.Api.Tests.Behaviours;

namespace Raftd.Api.Tests;

public sealed class KeyApiOverHttp1Tests(InMemoryHost host) : KeyApiTests(host), IClassFixture<InMemoryHost>;

public sealed class KeyApiOverClearHttp2Tests(ClearHttp2Host host) : KeyApiTests(host), IClassFixture<ClearHttp2Host>;

public sealed class KeyApiOverSecuredHttp2Tests(SecuredHttp2Host host) : KeyApiTests(host), IClassFixture<SecuredHttp2Host>;

public sealed class LeaseApiOverHttp1Tests(InMemoryHost host) : LeaseApiTests(host), IClassFixture<InMemoryHost>;

public sealed class LeaseApiOverClearHttp2Tests(ClearHttp2Host host) : LeaseApiTests(host), IClassFixture<ClearHttp2Host>;

public sealed class LeaseApiOverSecuredHttp2Tests(SecuredHttp2Host host) : LeaseApiTests(host), IClassFixture<SecuredHttp2Host>;

public sealed class ClusterApiOverHttp1Tests(InMemoryHost host) : ClusterApiTests(host), IClassFixture<InMemoryHost>;

public sealed class ClusterApiOverClearHttp2Tests(ClearHttp2Host host) : ClusterApiTests(host), IClassFixture<ClearHttp2Host>;

public sealed class ClusterApiOverSecuredHttp2Tests(SecuredHttp2Host host) : ClusterApiTests(host), IClassFixture<SecuredHttp2Host>;

public sealed class ListOverClearHttp2Tests(OneMemberOverClearHttp2 member) : ListBehaviours, IClassFixture<OneMemberOverClearHttp2>
{
    protected override IReadOnlyList<IApiHost> Members => member.Members;
}

public sealed class ListOverSecuredHttp2Tests(OneMemberOverSecuredHttp2 member) : ListBehaviours, IClassFixture<OneMemberOverSecuredHttp2>
{
    protected override IReadOnlyList<IApiHost> Members => member.Members;
}

public sealed class KeyChangeOverClearHttp2Tests(OneMemberOverClearHttp2 member) : KeyChangeBehaviours, IClassFixture<OneMemberOverClearHttp2>
{
    protected override IReadOnlyList<IApiHost> Members => member.Members;
}

public sealed class KeyChangeOverSecuredHttp2Tests(OneMemberOverSecuredHttp2 member)
    : KeyChangeBehaviours, IClassFixture<OneMemberOverSecuredHttp2>
{
    protected override IReadOnlyList<IApiHost> Members => member.Members;
}

public sealed class TxnOverClearHttp2Tests(OneMemberOverClearHttp2 member) : TxnBehaviours, IClassFixture<OneMemberOverClearHttp2>
{
    protected override IReadOnlyList<IApiHost> Members => member.Members;
}

public sealed class TxnOverSecuredHttp2Tests(OneMemberOverSecuredHttp2 member) : TxnBehaviours, IClassFixture<OneMemberOverSecuredHttp2>
{
    protected override IReadOnlyList<IApiHost> Members => member.Members;
}

public sealed class WatchOverClearHttp2Tests(OneMemberOverClearHttp2 member) : WatchBehaviours, IClassFixture<OneMemberOverClearHttp2>
{
    protected override IReadOnlyList<IApiHost> Members => member.Members;
}

public sealed class WatchOverSecuredHttp2Tests(OneMemberOverSecuredHttp2 member) : WatchBehaviours, IClassFixture<OneMemberOverSecuredHttp2>
{
    protected override IReadOnlyList<IApiHost> Members => member.Members;
}
