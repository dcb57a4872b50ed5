using Raftd.Testing.Databases;

namespace Raftd.Sql.Tests.Database;

/// <summary>What the URL of a server of the tests comes to.</summary>
internal static class Targets
{
    public static SqlTarget Of(string url) => !SqlTarget.TryParse(url, out var target, out var problem)
        ? throw new ArgumentException(problem, nameof(url))
        : GivenServer.Password is { } password ? target.WithPassword(password) : target;
}
