using System.Runtime.CompilerServices;
using Raftd.Api.Http;
using Raftd.Contract;

namespace Raftd.Api;

/// <summary>Finds the keyspace of a call by the name of its bucket. The default one costs no look.</summary>
internal sealed class Keyspaces(BucketServices services, IBucketService buckets, ByteBudget answers)
{
    // Held by the engine: what it lets go of is gone from here too.
    private readonly ConditionalWeakTable<BucketServices, Keyspace> _found = [];

    public Keyspace Default { get; } = new(services, answers);

    /// <param name="name">As a client gave it.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <exception cref="StoreException">BadRequest: it is no name. BucketNotFound. NotReady.</exception>
    public async ValueTask<Keyspace> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (name == BucketNames.Default)
        {
            return Default;
        }

        if (BucketNames.Problem(name) is { } problem)
        {
            throw new StoreException(ErrorCode.BadRequest, problem);
        }

        var found = await buckets.FindAsync(name, cancellationToken) ?? throw BucketNames.NotFound(name);
        return _found.GetValue(found, key => new Keyspace(key, answers));
    }
}
