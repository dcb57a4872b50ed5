using System.Text;
using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Tests.Contract;

namespace Raftd.Sql.Tests.Fronts;

/// <summary>A server refuses one key for good, in the midst of others. Derive, and give it.</summary>
public abstract class RefusedWriteContract
{
    private const int Writes = 200;
    private const int Poisoned = 77;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WriteThatTheDatabaseRefuses_IsToldSo_AndHoldsUpNoOther()
    {
        using var database = Emptied();
        Execute("ALTER TABLE raftd_keys ADD CONSTRAINT no_poison CHECK (k <> 'poison')");
        try
        {
            await using var front = await FrontOver.StartAsync(database);
            var writes = Enumerable.Range(0, Writes).Select(number => PutAsync(front, number == Poisoned ? "poison" : $"{number}")).ToList();

            var refusal = await Assert.ThrowsAsync<StoreException>(() => writes[Poisoned]);
            Assert.Equal(ErrorCode.NotReady, refusal.Code);
            Assert.Contains("no_poison", refusal.Message, StringComparison.Ordinal);
            writes.RemoveAt(Poisoned);
            await Task.WhenAll(writes);
            Assert.Equal(Writes - 1, front.Cluster.Status().KeyCount);
        }
        finally
        {
            Execute("ALTER TABLE raftd_keys DROP CONSTRAINT no_poison");
        }
    }

    private protected abstract IDatabase Emptied();

    /// <summary>As the user of the server.</summary>
    private protected abstract void Execute(string sql);

    private static async Task PutAsync(SqlFront front, string key) =>
        await front.KeyValues.PutAsync(Caller.Nobody, new PutRequest { Key = Encoding.UTF8.GetBytes(key), Value = default }, Stop);
}
