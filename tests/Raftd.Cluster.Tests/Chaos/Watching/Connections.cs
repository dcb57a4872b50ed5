using Google.Protobuf;
using Raftd.Api.Wire;
using Raftd.Cluster.Tests.Support;
using Member = Raftd.Cluster.Tests.Support.Member;

namespace Raftd.Cluster.Tests.Chaos.Watching;

/// <summary>Several connections to each member, each for one group of clients. Some find out by themselves that a member does not
/// answer any more, the others wait for it.</summary>
internal sealed class Connections : IDisposable
{
    public const int Groups = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Member[] _members;
    private int _turn;
    private readonly GrpcPeer[][] _peers;

    public Connections(IReadOnlyList<Member> members)
    {
        _members = [.. members];
        _peers = [.. Enumerable.Range(0, Groups).Select(group => _members.Select(member => new GrpcPeer(member.Address, HandlerOf(group))).ToArray())];
    }

    public int Members => _members.Length;

    public string Label(int member) => _members[member].Label;

    public GrpcPeer Of(int group, int member) => _peers[group][member];

    /// <returns>Null where there was no answer: what was asked may have been done.</returns>
    public async Task<GrpcAnswer?> TryAsync(int group, int member, string method, IMessage request, MessageParser answers)
    {
        try
        {
            return await Of(group, member).CallAsync($"/etcdserverpb.{method}", request, answers, Patience);
        }
        catch (Exception failure) when (IsBroken(failure))
        {
            return null;
        }
    }

    /// <summary>A linearizable read of any member that answers.</summary>
    /// <returns>Null where the revision is compacted.</returns>
    public async Task<RangeResponse?> ReadAsync(int group, RangeRequest request, CancellationToken stop)
    {
        for (var member = Interlocked.Increment(ref _turn) & int.MaxValue; ; member++)
        {
            var answer = await TryAsync(group, member % Members, "KV/Range", request, RangeResponse.Parser);
            if (answer?.Code is 0 or OutOfRange)
            {
                return (RangeResponse?)answer.Response;
            }

            await Task.Delay(20, stop);
        }
    }

    public static bool IsBroken(Exception failure) => failure is HttpRequestException or IOException or OperationCanceledException;

    public void Dispose()
    {
        foreach (var peer in _peers.SelectMany(static group => group))
        {
            peer.Dispose();
        }
    }

    private const int OutOfRange = 11;

    private static SocketsHttpHandler HandlerOf(int group) => group % 2 == 0
        ? new SocketsHttpHandler()
        : new SocketsHttpHandler
        {
            KeepAlivePingDelay = TimeSpan.FromSeconds(1),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(1),
        };
}
