namespace Raftd.Api.Rest.Docs;

internal static class ExampleMember
{
    /// <summary>The member that the example of /join adds; removing it must not take a real one from a cluster.</summary>
    public const string Placeholder = "node02";
}
