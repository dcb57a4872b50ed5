namespace Raftd.Api.Docs;

internal static class ExampleMember
{
    /// <summary>The member that the example of /join adds; removing it must not cost anybody a real one.</summary>
    public const string Placeholder = "node02";
}
