// Who may do what. Every engine asks here twice about a write, and once about a read:
//
//   1. at the member that took the call, before anything is read or proposed (RightsGuard), so that a refusal costs nothing
//   2. in apply, before a command's own check (RefusalRules.RefuseCaller): on its way to the log the rights may have changed, and what
//      another member proposed is not believed
//
// The cluster has no users yet. So the rules are those of etcd before its users are enabled: who gives no name may do
// everything, and a name is nobody's.

using Raftd.Contract;

namespace Raftd.State.Rights;

/// <summary>The rules of access, for reads, proposals and apply.</summary>
internal static class AccessRules
{
    /// <exception cref="StoreException">Unauthenticated.</exception>
    public static void Require(Caller caller)
    {
        if (!IsKnown(caller))
        {
            throw new StoreException(
                ErrorCode.Unauthenticated, $"{caller} is unknown; nothing was read or written", "this cluster has no users: ask without a name");
        }
    }

    public static bool IsKnown(Caller caller) => caller.Kind != CallerKind.User;
}
