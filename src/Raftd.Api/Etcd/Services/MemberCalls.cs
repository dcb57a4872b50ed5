using Google.Protobuf.Collections;
using Raftd.Contract;

namespace Raftd.Api.Etcd.Services;

/// <summary>Members. Their answers say no revision.</summary>
internal sealed class MemberCalls(ApiServices services)
{
    public async ValueTask<Wire.MemberListResponse> ListAsync(Wire.MemberListRequest request, EtcdCall call)
    {
        var response = new Wire.MemberListResponse { Header = HeaderOf(call) };
        response.Members.AddRange(await MembersAsync(request.Linearizable ? ReadLevel.Linearizable : ReadLevel.Stale, call));
        return response;
    }

    public async ValueTask<Wire.MemberAddResponse> AddAsync(Wire.MemberAddRequest request, EtcdCall call)
    {
        var added = await call.Keyspace.Group.AddMemberAsync(
            call.Caller,
            new MemberAddRequest { PeerAddress = PeerAddressOf(request.PeerURLs), StaysLearner = request.IsLearner },
            call.Deadline);

        // Of a member whose configuration is a moment behind the new one would be missing.
        var others = (await MembersAsync(ReadLevel.Stale, call)).Where(member => member.ID != added.Id);
        var response = new Wire.MemberAddResponse { Header = HeaderOf(call), Member = Of(added) };
        response.Members.AddRange(others.Append(Of(added)).OrderBy(static member => member.ID));
        return response;
    }

    public async ValueTask<Wire.MemberUpdateResponse> UpdateAsync(Wire.MemberUpdateRequest request, EtcdCall call)
    {
        await call.Keyspace.Group.UpdateMemberAsync(
            call.Caller, new MemberUpdateRequest { Id = request.ID, PeerAddress = PeerAddressOf(request.PeerURLs) }, call.Deadline);
        var response = new Wire.MemberUpdateResponse { Header = HeaderOf(call) };
        response.Members.AddRange(await MembersAsync(ReadLevel.Stale, call));
        return response;
    }

    public async ValueTask<Wire.MemberRemoveResponse> RemoveAsync(Wire.MemberRemoveRequest request, EtcdCall call)
    {
        await call.Keyspace.Group.RemoveMemberAsync(call.Caller, request.ID, call.Deadline);
        var response = new Wire.MemberRemoveResponse { Header = HeaderOf(call) };
        response.Members.AddRange(await MembersAsync(ReadLevel.Stale, call));
        return response;
    }

    public async ValueTask<Wire.MemberPromoteResponse> PromoteAsync(Wire.MemberPromoteRequest request, EtcdCall call)
    {
        await call.Keyspace.Group.PromoteMemberAsync(call.Caller, request.ID, call.Deadline);
        var response = new Wire.MemberPromoteResponse { Header = HeaderOf(call) };
        response.Members.AddRange(await MembersAsync(ReadLevel.Stale, call));
        return response;
    }

    private static Wire.ResponseHeader HeaderOf(EtcdCall call) => Answers.HeaderOf(call, revision: 0);

    private async ValueTask<IEnumerable<Wire.Member>> MembersAsync(ReadLevel level, EtcdCall call)
    {
        var answer = await call.Keyspace.Cluster.MembersAsync(call.Caller, level, call.Deadline);
        return answer.Members.OrderBy(member => member.Id).Select(Of);
    }

    /// <summary>host:port of the only URL.</summary>
    /// <exception cref="EtcdException">It is no URL of a peer here.</exception>
    private string PeerAddressOf(RepeatedField<string> urls)
    {
        var scheme = services.Options.PeerScheme + Uri.SchemeDelimiter;
        if (urls.Count == 0 || urls.Any(static url => !IsPeerUrl(url)))
        {
            EtcdStatus.BadPeerUrls.Throw();
        }

        if (urls.Count > 1)
        {
            EtcdStatus.Wrong($"raftd: a member has one peer URL, not {urls.Count}").Throw();
        }

        return urls[0].StartsWith(scheme, StringComparison.OrdinalIgnoreCase)
            ? urls[0][scheme.Length..]
            : throw new EtcdException(EtcdStatus.Wrong($"raftd: the peers of this cluster speak {services.Options.PeerScheme}, not as in {urls[0]}"));
    }

    /// <summary>A scheme, a host and a port that is written out, and nothing else.</summary>
    private static bool IsPeerUrl(string url)
    {
        var host = url.IndexOf(Uri.SchemeDelimiter, StringComparison.Ordinal) + Uri.SchemeDelimiter.Length;
        return Uri.TryCreate(url, UriKind.Absolute, out var parsed)
            && (parsed.Scheme == Uri.UriSchemeHttp || parsed.Scheme == Uri.UriSchemeHttps)
            && MemberNames.IsAddress(url[host..]);
    }

    private Wire.Member Of(Member member)
    {
        var told = new Wire.Member
        {
            ID = member.Id,
            Name = member.Label,
            IsLearner = member.IsLearner,
        };

        // A front over a database has no peer port.
        if (member.PeerAddress.Length > 0)
        {
            told.PeerURLs.Add($"{services.Options.PeerScheme}://{member.PeerAddress}");
        }

        if (member.HttpAddress.Length > 0)
        {
            told.ClientURLs.Add($"{services.Options.Scheme}://{member.HttpAddress}");
        }

        return told;
    }
}
