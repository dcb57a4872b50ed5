using System.Reflection;
using Raftd.Sql.Database;

namespace Raftd.Sql.Tests.Fronts;

/// <summary>A database whose calls fail where a test says so: its own, and those of its sessions and moments.</summary>
public class FailingCalls : DispatchProxy
{
    private object _target = null!;
    private Func<string, bool> _fails = static _ => false;

    /// <param name="database">That answers the calls.</param>
    /// <param name="fails">Asked with the name of each call.</param>
    internal static IDatabase Of(IDatabase database, Func<string, bool> fails) => Wrap(database, fails);

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (_fails(targetMethod!.Name))
        {
            throw new DatabaseException(DatabaseFault.Away, $"{targetMethod.Name} fails");
        }

        return targetMethod.Invoke(_target, BindingFlags.DoNotWrapExceptions, binder: null, args, culture: null) switch
        {
            ISession session => Wrap(session, _fails),
            ISnapshot snapshot => Wrap(snapshot, _fails),
            var answer => answer,
        };
    }

    private static T Wrap<T>(T target, Func<string, bool> fails)
        where T : class
    {
        var proxy = Create<T, FailingCalls>();
        ((FailingCalls)(object)proxy)._target = target;
        ((FailingCalls)(object)proxy)._fails = fails;
        return proxy;
    }
}
