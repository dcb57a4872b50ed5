using Raftd.Simulation.Members;

namespace Raftd.Simulation.Clients;

/// <summary>A request that ends once: with its answer, with the death of the member, or when its client has waited long
/// enough and goes elsewhere. Derived types look and note; what comes after the end is not told to them.</summary>
internal abstract class Request(Client client) : IWaiting
{
    private bool _hasEnded;

    public bool TryEnd()
    {
        if (!_hasEnded && TryFinish())
        {
            _hasEnded = true;
            if (client.IsHeard)
            {
                client.Say($"answered: {this}");
            }
        }

        return _hasEnded;
    }

    public void Lost()
    {
        if (!_hasEnded)
        {
            _hasEnded = true;
            GiveUp();
        }
    }

    /// <summary>Sent: looked at from now on, and given up after a while.</summary>
    public void Send(Incarnation member)
    {
        if (client.IsHeard)
        {
            client.Say($"asks {member.Host.Name}: {this}");
        }

        if (!TryEnd())
        {
            member.Waiting.Add(this);
            client.After(client.DrawPatience(), Lost);
        }
    }

    /// <summary>True when the answer is there, and has been noted.</summary>
    protected abstract bool TryFinish();

    /// <summary>There will be no answer.</summary>
    protected abstract void GiveUp();
}
