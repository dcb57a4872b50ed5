using System.Text;
using Raftd.Contract;
using Raftd.Simulation.Fronts.Checkers;

namespace Raftd.Simulation.Fronts.Clients;

/// <summary>Grants leases, renews them with and without a key and its data, attaches keys, revokes them or lets them run out; and puts
/// keys with a time to live.</summary>
internal sealed class FrontLeaseClient(FrontWorld world, Dice dice, string name, int number) : FrontClient(world, dice, name)
{
    /// <summary>With this begin keys of leases that anyone may delete.</summary>
    public const string Attached = "attached-";

    // Long enough to outlive the lead of a front that is cut off.
    private const int ManyUses = 60;

    private int _made;
    private long _id;
    private long _ttl;
    private int _left;
    private bool _usesKeys;
    private string? _ownKey;

    // One that renews only through a front which is cut off is what a deposed leader must not answer.
    protected override double Constancy => 0.97;

    protected override async Task ActAsync(FrontIncarnation front)
    {
        if (_left > 0)
        {
            _left--;
            await UseAsync(front);
        }
        else if (_id != 0 && Dice.Chance(0.3))
        {
            await RevokeAsync(front);
        }
        else if (Dice.Chance(0.2))
        {
            await PutHiddenAsync(front);
        }
        else
        {
            await GrantAsync(front);
        }
    }

    private async Task GrantAsync(FrontIncarnation front)
    {
        var (id, ttl, asked, era) = ((number * 1_000_000L) + ++_made, Dice.Between(1, 6), World.Now, World.Era);
        var kind = Dice.Chance(0.5) ? LeaseKind.Rest : LeaseKind.Etcd;
        var reply = await AskAsync(front, service => service.GrantAsync(
            Caller.Nobody, new LeaseGrantRequest { Id = id, Name = Name, TtlSeconds = ttl, Kind = kind }, CancellationToken.None));
        if (!reply.HasAnswer || era != World.Era)
        {
            _id = 0;
            return;
        }

        World.Leases.Holds(FrontLeaseChecker.NameOf(id), reply.Answer!.TtlSeconds, asked);
        (_id, _ttl, _left, _usesKeys, _ownKey) = (id, reply.Answer.TtlSeconds, Dice.Chance(0.2) ? ManyUses : Dice.Next(12), Dice.Chance(0.6), null);
    }

    private async Task UseAsync(FrontIncarnation front)
    {
        await PauseAsync(Dice.Between(0, _ttl * Scheduler.Second * 2 / 5));
        var key = _usesKeys && Dice.Chance(0.6) ? "own" : null;
        var (id, asked, era) = (_id, World.Now, World.Era);
        if (Dice.Chance(0.15))
        {
            await AskAsync(front, service => service.PutAsync(
                Caller.Nobody, new PutRequest { Key = Bytes($"{Attached}{id}"), Value = Bytes(""), Lease = id }, CancellationToken.None));
            return;
        }

        var request = new LeaseKeepAliveRequest
        {
            Id = id,
            Key = Held(key),
            Data = Held(key is null ? null : $"{Name} {_left / 4}"),
        };
        var reply = await AskAsync(front, service => service.KeepAliveAsync(Caller.Nobody, request, CancellationToken.None));
        if (reply.Refusal is { Code: ErrorCode.NotFound })
        {
            _left = 0;
        }

        if (!reply.HasAnswer || era != World.Era)
        {
            return;
        }

        _ownKey = key is null ? _ownKey : $"{Name}/{id}/{key}";
        World.Leases.Holds(FrontLeaseChecker.NameOf(id), _ttl, asked);
        if (key is not null)
        {
            World.Leases.Holds(_ownKey!, _ttl, asked);
        }
    }

    private async Task RevokeAsync(FrontIncarnation front)
    {
        var id = _id;
        World.Leases.GiveUp(FrontLeaseChecker.NameOf(id));
        World.Leases.GiveUp($"{Name}/{id}/own");
        _id = 0;
        await AskAsync(front, service => service.RevokeAsync(Caller.Nobody, id, CancellationToken.None));
    }

    private async Task PutHiddenAsync(FrontIncarnation front)
    {
        var mayGo = Dice.Chance(0.3);
        var (key, ttl, asked, era) = ($"{(mayGo ? Attached : "")}hidden-{Name}-{++_made}", Dice.Between(1, 6), World.Now, World.Era);
        var reply = await AskAsync(front, service => service.PutAsync(
            Caller.Nobody, new PutRequest { Key = Bytes(key), Value = Bytes(key), TtlSeconds = ttl }, CancellationToken.None));
        if (reply.HasAnswer && era == World.Era && !mayGo)
        {
            World.Leases.Holds(key, ttl, asked);
        }
    }

    /// <summary>None stays none: an array that is null would become an empty memory.</summary>
    private static ReadOnlyMemory<byte>? Held(string? text) => text is null ? null : (ReadOnlyMemory<byte>?)Bytes(text);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
