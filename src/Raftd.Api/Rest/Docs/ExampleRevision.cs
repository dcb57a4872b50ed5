namespace Raftd.Api.Rest.Docs;

/// <summary>A revision for the document's examples: the newest, so that the example runs when it is clicked.</summary>
internal static class ExampleRevision
{
    public const string Placeholder = "7";

    public static string Find(ApiServices services) => RestCall.Format(services.Keyspaces.Default.Cluster.Revision);
}
