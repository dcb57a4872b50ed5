using Google.Protobuf;
using Raftd.Api.Etcd.Codecs;

namespace Raftd.Api.Etcd;

/// <summary>A row of the table: one call, for both faces.</summary>
internal abstract class EtcdMethod
{
    /// <summary>With its package, as `etcdserverpb.KV`.</summary>
    public required string Service { get; init; }

    public required string Name { get; init; }

    /// <summary>Empty for a call that has none.</summary>
    public required IReadOnlyList<string> JsonPaths { get; init; }

    public required StoreFailures Failures { get; init; }

    /// <summary>Either side may send any number of messages, or the server may: such a call lasts.</summary>
    public abstract bool IsStream { get; }

    public string GrpcPath => $"/{Service}/{Name}";

    /// <summary>Reads the request, asks the handler, writes the answer; what it throws ends the call.</summary>
    public abstract ValueTask RunAsync(EtcdCall call);
}

/// <summary>One request, one answer, within the store's time limit and the client's.</summary>
internal sealed class UnaryMethod<TRequest, TResponse>(Func<TRequest, EtcdCall, ValueTask<TResponse>> handler) : EtcdMethod
    where TRequest : class, IMessage, new()
    where TResponse : class, IMessage
{
    /// <summary>The handler may wait for other clients. It looks at the call's end itself, and leaves nothing behind.</summary>
    public bool Lasts { get; init; }

    public override bool IsStream => false;

    public override async ValueTask RunAsync(EtcdCall call)
    {
        var request = await call.ReadOneAsync<TRequest>();
        var answer = handler(request, call);
        await call.AnswerAsync(answer.IsCompleted || Lasts ? await answer : await call.WithinDeadlineAsync(answer));
    }
}

/// <summary>As a unary method, for the calls that a member is asked most: no message objects between the wire and the contract.</summary>
/// <remarks>The request's bytes are the connection's buffer, and last as long as the handler runs. So it is not left behind
/// when the client's time is up: it must end by the call's deadline itself, as the contract's calls on keys do.</remarks>
/// <typeparam name="TRequest">What the handler reads; JSON is made into it first.</typeparam>
/// <typeparam name="TResponse">What the answer writes.</typeparam>
/// <typeparam name="TAnswer">The handler's answer.</typeparam>
internal sealed class EncodedMethod<TRequest, TResponse, TAnswer>(Func<ReadOnlyMemory<byte>, EtcdCall, ValueTask<TAnswer>> handler)
    : EtcdMethod
    where TRequest : class, IMessage, new()
    where TResponse : class, IMessage, new()
    where TAnswer : struct, IEncodedAnswer
{
    public override bool IsStream => false;

    public override async ValueTask RunAsync(EtcdCall call)
    {
        var request = await call.ReadOneEncodedAsync<TRequest>();
        await call.AnswerAsync<TResponse, TAnswer>(await handler(request, call));
    }
}

/// <summary>One request, any number of answers.</summary>
internal sealed class AnswerStreamMethod<TRequest>(Func<TRequest, EtcdCall, Task> handler) : EtcdMethod
    where TRequest : class, IMessage, new()
{
    public override bool IsStream => true;

    public override async ValueTask RunAsync(EtcdCall call) => await handler(await call.ReadOneAsync<TRequest>(), call);
}

/// <summary>The handler reads and writes as it likes.</summary>
internal sealed class DuplexMethod(Func<EtcdCall, Task> handler) : EtcdMethod
{
    public override bool IsStream => true;

    public override async ValueTask RunAsync(EtcdCall call) => await handler(call);
}
