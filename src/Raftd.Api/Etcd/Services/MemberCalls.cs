using Raftd.Contract;

namespace Raftd.Api.Etcd.Services;

/// <summary>Members. Their answers say no revision.</summary>
internal sealed class MemberCalls(ApiServices services)
{
    public async ValueTask<Wire.MemberListResponse> ListAsync(Wire.MemberListRequest request, EtcdCall call)
    {
        var response = new Wire.MemberListResponse { Header = Header };
        response.Members.AddRange(await MembersAsync(request.Linearizable ? ReadLevel.Linearizable : ReadLevel.Stale, call));
        return response;
    }

    public async ValueTask<Wire.MemberRemoveResponse> RemoveAsync(Wire.MemberRemoveRequest request, EtcdCall call)
    {
        await services.Group.RemoveMemberAsync(call.Caller, request.ID, call.Deadline);
        var response = new Wire.MemberRemoveResponse { Header = Header };
        response.Members.AddRange(await MembersAsync(ReadLevel.Stale, call));
        return response;
    }

    public async ValueTask<Wire.MemberPromoteResponse> PromoteAsync(Wire.MemberPromoteRequest request, EtcdCall call)
    {
        await services.Group.PromoteMemberAsync(call.Caller, request.ID, call.Deadline);
        var response = new Wire.MemberPromoteResponse { Header = Header };
        response.Members.AddRange(await MembersAsync(ReadLevel.Stale, call));
        return response;
    }

    private Wire.ResponseHeader Header => Answers.HeaderOf(services.Cluster, revision: 0);

    private async ValueTask<IEnumerable<Wire.Member>> MembersAsync(ReadLevel level, EtcdCall call)
    {
        var answer = await services.Cluster.MembersAsync(call.Caller, level, call.Deadline);
        return answer.Members.OrderBy(member => member.Id).Select(Of);
    }

    private Wire.Member Of(Member member) => new()
    {
        ID = member.Id,
        Name = member.Label,
        PeerURLs = { $"{services.Options.PeerScheme}://{member.PeerAddress}" },
        ClientURLs = { $"{services.Options.Scheme}://{member.HttpAddress}" },
        IsLearner = member.IsLearner,
    };
}
