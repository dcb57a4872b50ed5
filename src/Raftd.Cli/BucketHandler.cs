namespace Raftd.Cli;

/// <summary>Puts each request of a client into a bucket: in its path, or for gRPC in its metadata.</summary>
internal sealed class BucketHandler(string bucket, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content?.Headers.ContentType?.MediaType == "application/grpc")
        {
            request.Headers.Add("raftd-bucket", bucket);
        }
        else if (request.RequestUri is { } target)
        {
            request.RequestUri = new Uri($"{target.GetLeftPart(UriPartial.Authority)}/b/{bucket}{target.PathAndQuery}");
        }

        return base.SendAsync(request, cancellationToken);
    }
}
