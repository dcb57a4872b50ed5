using Google.Protobuf;
using Raftd.Api.Etcd;
using Raftd.Testing.Http;

namespace Raftd.Api.Tests.Etcd;

/// <summary>A call in which both sides talk, for as long as they like.</summary>
internal sealed class GrpcStream<T>(Task<HttpResponseMessage> sending, StreamedBody body) : IDisposable
    where T : class, IMessage, new()
{
    private Stream? _content;

    public Task WriteAsync(IMessage message) => body.WriteAsync(GrpcClient.Frame(message));

    public Task WriteAsync(byte[] bytes) => body.WriteAsync(bytes);

    public void EndSending() => body.End();

    /// <summary>The next message; fails where there is none in time.</summary>
    public async Task<T> ReadAsync() => await TryReadAsync() ?? throw await EndedAsync();

    /// <returns>How the call ended; fails where a message comes instead.</returns>
    public async Task<(GrpcCode Code, string Message)> ReadEndAsync()
    {
        Assert.Null(await TryReadAsync());
        return GrpcClient.StatusOf(await sending);
    }

    public void Dispose()
    {
        body.End();
        if (sending.IsCompletedSuccessfully)
        {
            sending.Result.Dispose();
        }
    }

    private async Task<T?> TryReadAsync()
    {
        _content ??= await (await sending.WaitAsync(GrpcClient.Patience)).Content.ReadAsStreamAsync();
        return await GrpcClient.ReadAsync<T>(_content).WaitAsync(GrpcClient.Patience);
    }

    private async Task<Exception> EndedAsync() => new InvalidOperationException($"ended with {GrpcClient.StatusOf(await sending)}");
}
