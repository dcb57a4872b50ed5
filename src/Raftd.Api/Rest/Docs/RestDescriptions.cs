using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Raftd.Api.Rest.Routing;

namespace Raftd.Api.Rest.Docs;

/// <summary>Gives the paths of keys their parameter back, which routing does not see.</summary>
internal sealed class RestDescriptions : IApiDescriptionProvider
{
    /// <summary>Behind the framework's own, which make the descriptions.</summary>
    public int Order => int.MaxValue;

    public void OnProvidersExecuting(ApiDescriptionProviderContext context)
    {
        foreach (var description in context.Results)
        {
            var route = description.ActionDescriptor.EndpointMetadata.OfType<RestRoute>().Single();
            description.RelativePath = route.Template[1..];
        }
    }

    public void OnProvidersExecuted(ApiDescriptionProviderContext context)
    {
    }
}
