using Raftd.Contract;

namespace Raftd.Api.Rest.Docs;

/// <summary>A lease id for the document's examples: that of a live lease, so that the example runs when it is clicked.</summary>
internal static class ExampleLease
{
    /// <summary>Shown while there is no lease: a number of the right form, answered with 404.</summary>
    public const string Placeholder = "1";

    public static async ValueTask<string> FindAsync(ApiServices services, CancellationToken cancellationToken)
    {
        try
        {
            var leases = await services.Keyspaces.Default.Leases.LeasesAsync(Caller.Nobody, "", cancellationToken);
            return leases.Items.Count == 0 ? Placeholder : RestCall.Format(leases.Items[0].Id);
        }
        catch (StoreException failure)
        {
            // The document is wanted most when the cluster does not answer.
            ApiLog.NoExampleLease(services.Log, failure.Message);
            return Placeholder;
        }
    }
}
