using Raftd.Api.Etcd;

namespace Raftd.Api.Tests.Etcd;

/// <summary>How a call ended, and the messages before that.</summary>
internal sealed record GrpcAnswer<T>(GrpcCode Code, string Message, IReadOnlyList<T> Messages)
{
    /// <summary>Of a unary call that went well.</summary>
    public T Only
    {
        get
        {
            Assert.True(Code == GrpcCode.Ok, $"{Code}: {Message}");
            return Assert.Single(Messages);
        }
    }

    public void Is(EtcdStatus status) => Assert.Equal(status, new EtcdStatus(Code, Message));
}
