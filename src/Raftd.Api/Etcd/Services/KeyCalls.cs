using Raftd.Contract;

namespace Raftd.Api.Etcd.Services;

/// <summary>Range, Put, DeleteRange, Compact.</summary>
internal sealed class KeyCalls(ApiServices services)
{
    private readonly IKeyValueService _keys = services.Keys;

    public async ValueTask<Wire.RangeResponse> RangeAsync(Wire.RangeRequest request, EtcdCall call)
    {
        KeyRequests.Check(request);
        var answer = await _keys.RangeAsync(call.Caller, KeyRequests.Of(request, services.Options), call.Deadline);
        RequireWhole(answer, request);
        var response = KeyAnswers.Of(answer, request);
        response.Header = HeaderOf(answer.Revision);
        return response;
    }

    public async ValueTask<Wire.PutResponse> PutAsync(Wire.PutRequest request, EtcdCall call)
    {
        KeyRequests.Check(request);
        KeyRequests.CheckSize(request.CalculateSize(), services.Options);
        KeyRequests.CheckValue(request, services.Options);
        var answer = await _keys.PutAsync(call.Caller, KeyRequests.Of(request), call.Deadline);
        var response = KeyAnswers.Of(answer);
        response.Header = HeaderOf(answer.Revision);
        return response;
    }

    public async ValueTask<Wire.DeleteRangeResponse> DeleteRangeAsync(Wire.DeleteRangeRequest request, EtcdCall call)
    {
        KeyRequests.Check(request);
        KeyRequests.CheckSize(request.CalculateSize(), services.Options);
        var answer = await _keys.DeleteRangeAsync(call.Caller, KeyRequests.Of(request), call.Deadline);
        var response = KeyAnswers.Of(answer);
        response.Header = HeaderOf(answer.Revision);
        return response;
    }

    public async ValueTask<Wire.CompactionResponse> CompactAsync(Wire.CompactionRequest request, EtcdCall call)
    {
        var answer = await _keys.CompactAsync(
            call.Caller, new CompactRequest { Revision = request.Revision, AwaitDeletion = request.Physical }, call.Deadline);
        return new Wire.CompactionResponse { Header = HeaderOf(answer.Revision) };
    }

    /// <summary>Fewer items than were asked for would be taken for all there are.</summary>
    private void RequireWhole(RangeResponse answer, Wire.RangeRequest request)
    {
        var isFull = request.Limit > 0 && answer.Items.Count >= request.Limit;
        if (answer.More && !isFull && !request.CountOnly)
        {
            EtcdStatus.AnswerTooLarge(services.Options.MaxAnswersInFlightBytes).Throw();
        }
    }

    private Wire.ResponseHeader HeaderOf(long revision) => Answers.HeaderOf(services.Cluster, revision);
}
