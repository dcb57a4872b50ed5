using Raftd.Api.Http;

namespace Raftd.Api.Etcd;

/// <summary>What one call holds of the budgets of bodies: the message that arrives, or that its handler has.</summary>
/// <remarks>Small and large messages have budgets of their own, as bodies of REST do: keepalives pass while large messages
/// fill theirs.</remarks>
internal struct HeldBytes
{
    private ByteBudget? _budget;
    private long _bytes;

    /// <summary>Counts this many bytes, in all.</summary>
    /// <exception cref="ApiException">429: as many as before are counted.</exception>
    public void Count(long bytes, ApiServices services)
    {
        var budget = bytes <= RequestBody.SmallBytes ? services.SmallBodies : services.LargeBodies;
        if (ReferenceEquals(budget, _budget))
        {
            budget.Reserve(bytes - _bytes);
        }
        else
        {
            budget.Reserve(bytes);
            Release();
            _budget = budget;
        }

        _bytes = bytes;
    }

    public void Release()
    {
        _budget?.Release(_bytes);
        (_budget, _bytes) = (null, 0);
    }
}
