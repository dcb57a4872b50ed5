using Raftd.Api.Etcd.Codecs;
using Raftd.Contract;

namespace Raftd.Api.Etcd.Services;

/// <summary>Range, Put, DeleteRange, Compact.</summary>
internal sealed class KeyCalls(ApiServices services)
{
    public async ValueTask<RangeAnswer> RangeAsync(ReadOnlyMemory<byte> message, EtcdCall call)
    {
        var request = KeyRequestReader.ReadRange(new ProtoReader(message), services.Options.MaxAnswersInFlightBytes);
        KeyRequests.Check(request);
        var answer = await call.Keyspace.Keys.RangeAsync(call.Caller, request, call.Deadline);
        RequireWhole(answer, request);
        return new RangeAnswer(call.HeaderOf(answer.Revision), answer);
    }

    public async ValueTask<PutAnswer> PutAsync(ReadOnlyMemory<byte> message, EtcdCall call)
    {
        var request = KeyRequestReader.ReadPut(new ProtoReader(message));
        KeyRequests.Check(request);
        KeyRequests.CheckSize(message.Length, services.Options);
        KeyRequests.CheckLimits(request, call, services.Options);
        var answer = await call.Keyspace.Keys.PutAsync(call.Caller, request, call.Deadline);
        return new PutAnswer(call.HeaderOf(answer.Revision), answer);
    }

    public async ValueTask<DeleteRangeAnswer> DeleteRangeAsync(ReadOnlyMemory<byte> message, EtcdCall call)
    {
        var request = KeyRequestReader.ReadDeleteRange(new ProtoReader(message));
        KeyRequests.Check(request);
        KeyRequests.CheckSize(message.Length, services.Options);
        var answer = await call.Keyspace.Keys.DeleteRangeAsync(call.Caller, request, call.Deadline);
        return new DeleteRangeAnswer(call.HeaderOf(answer.Revision), answer);
    }

    public async ValueTask<Wire.CompactionResponse> CompactAsync(Wire.CompactionRequest request, EtcdCall call)
    {
        var answer = await call.Keyspace.Keys.CompactAsync(
            call.Caller, new CompactRequest { Revision = request.Revision, AwaitDeletion = request.Physical }, call.Deadline);
        return new Wire.CompactionResponse { Header = Answers.HeaderOf(call, answer.Revision) };
    }

    /// <summary>Fewer items than were asked for would be taken for all there are.</summary>
    private void RequireWhole(RangeResponse answer, RangeRequest request)
    {
        var isFull = request.Limit > 0 && answer.Items.Count >= request.Limit;
        if (answer.More && !isFull && !request.CountOnly)
        {
            EtcdStatus.AnswerTooLarge(services.Options.MaxAnswersInFlightBytes).Throw();
        }
    }
}
