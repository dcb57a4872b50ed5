using Raftd.Testing;

namespace Raftd.Node.Tests.Behaviours;

/// <summary>What a client may rely on, whichever member it asks: each body runs on members in this process
/// (Raftd.Node.Tests) and on real ones over REST (Raftd.Cluster.Tests).</summary>
/// <remarks>The cluster is shared: a test uses keys of its own name.</remarks>
public abstract class ContractBehaviours
{
    private protected const int TtlSeconds = 2;

    protected abstract IContractCluster Cluster { get; }

    private IEnumerable<int> Members => Enumerable.Range(0, Cluster.Count);

    [Fact]
    public async Task Put_ThroughAnyMember_IsWhatTheNextReadOfEveryMemberSees()
    {
        for (var number = 0; number < 30; number++)
        {
            await Cluster.PutAsync(number % Cluster.Count, "contract-put", $"value {number}");
            await RequireReadAsync("contract-put", $"value {number}");
        }
    }

    [Fact]
    public async Task Put_KeyIsAtAnotherRevision_WritesNothing()
    {
        foreach (var member in Members)
        {
            var first = await Cluster.PutAsync(member, "contract-condition", "first");
            Assert.NotNull(await Cluster.PutAsync(member, "contract-condition", "second", first));
            Assert.Null(await Cluster.PutAsync(member, "contract-condition", "third", first));
            await RequireReadAsync("contract-condition", "second");
        }
    }

    [Fact]
    public async Task Delete_ThroughAnyMember_IsWhatTheNextReadOfEveryMemberSees()
    {
        foreach (var member in Members)
        {
            await Cluster.PutAsync(member, "contract-delete", "here");
            await Cluster.DeleteAsync((member + 1) % Cluster.Count, "contract-delete");
            await RequireReadAsync("contract-delete", null);
        }
    }

    [Fact]
    public async Task Read_OfEarlierRevisions_IsServedUntilTheyAreCompacted()
    {
        var first = (await Cluster.PutAsync(0, "contract-history", "first"))!.Value;
        var second = (await Cluster.PutAsync(0, "contract-history", "second"))!.Value;
        foreach (var member in Members)
        {
            Assert.Equal(new ContractRead("first"), await Cluster.ReadAsync(member, "contract-history", first));
        }

        await Cluster.CompactAsync(Cluster.Count - 1, second);
        foreach (var member in Members)
        {
            Assert.Equal(new ContractRead(null, IsCompacted: true), await Cluster.ReadAsync(member, "contract-history", first));
            Assert.Equal(new ContractRead("second"), await Cluster.ReadAsync(member, "contract-history", second));
        }
    }

    [Fact]
    public async Task Lease_Revoked_TakesItsKeysAlong()
    {
        foreach (var member in Members)
        {
            var lease = await Cluster.GrantAsync(member, "/contract-revoke", ttlSeconds: 60);
            var key = await Cluster.KeepAliveAsync((member + 1) % Cluster.Count, lease, "/contract-revoke", "k", "v");
            await RequireReadAsync(key, "v");
            await Cluster.RevokeAsync(member, lease);
            await RequireReadAsync(key, null);
        }
    }

    [Fact]
    public async Task Lease_NotRenewed_EndsWithItsKeys()
    {
        var lease = await Cluster.GrantAsync(0, "/contract-end", TtlSeconds);
        var key = await Cluster.KeepAliveAsync(0, lease, "/contract-end", "k", "v");
        await Until.TrueAsync("the key has gone", async () => (await Cluster.ReadAsync(0, key)).Value is null);
        await RequireReadAsync(key, null);
    }

    [Fact]
    public async Task Leadership_HandedOver_KeepsWhatWasWrittenAndTakesWrites()
    {
        await Cluster.PutAsync(0, "contract-before", "before");
        var next = (await Cluster.LeaderAsync() + 1) % Cluster.Count;
        await Cluster.HandOverAsync(next);

        Assert.Equal(next, await Cluster.LeaderAsync());
        await RequireReadAsync("contract-before", "before");
        await Cluster.PutAsync(0, "contract-after", "after");
        await RequireReadAsync("contract-after", "after");
    }

    private async Task RequireReadAsync(string key, string? value)
    {
        foreach (var member in Members)
        {
            Assert.Equal(new ContractRead(value), await Cluster.ReadAsync(member, key));
        }
    }
}
