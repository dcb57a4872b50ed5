namespace Raftd.Clients.Tests;

public sealed class OneEtcdTests(OneEtcd servers) : ClientTests<OneEtcd>(servers);

public sealed class OneMemberTests(OneMember servers) : ClientTests<OneMember>(servers);

public sealed class OneMemberWithTlsTests(OneMemberWithTls servers) : ClientTests<OneMemberWithTls>(servers);

public sealed class ThreeMembersTests(ThreeMembers servers) : FailoverTests<ThreeMembers>(servers);

public sealed class ThreeMembersWithTlsTests(ThreeMembersWithTls servers) : FailoverTests<ThreeMembersWithTls>(servers);
