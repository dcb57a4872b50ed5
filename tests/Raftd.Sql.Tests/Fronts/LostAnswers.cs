using System.Reflection;
using Raftd.Sql.Database;

namespace Raftd.Sql.Tests.Fronts;

/// <summary>A database that does what its sessions are asked, and whose answer is lost where a test says so.</summary>
public class LostAnswers : DispatchProxy
{
    private object _target = null!;
    private Func<string, bool> _isLost = static _ => false;

    /// <param name="database">That does the calls.</param>
    /// <param name="isLost">Asked with the name of each call.</param>
    internal static IDatabase Of(IDatabase database, Func<string, bool> isLost) => Wrap(database, isLost);

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var answer = targetMethod!.Invoke(_target, BindingFlags.DoNotWrapExceptions, binder: null, args, culture: null);
        if (_isLost(targetMethod.Name))
        {
            throw new DatabaseException(DatabaseFault.Unknown, $"the answer to {targetMethod.Name} is lost");
        }

        return answer is ISession session ? Wrap(session, _isLost) : answer;
    }

    private static T Wrap<T>(T target, Func<string, bool> isLost)
        where T : class
    {
        var proxy = Create<T, LostAnswers>();
        ((LostAnswers)(object)proxy)._target = target;
        ((LostAnswers)(object)proxy)._isLost = isLost;
        return proxy;
    }
}
