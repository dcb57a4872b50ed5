using Raftd.Contract;

namespace Raftd.Api.Etcd.Services;

/// <summary>The answers of key requests, on their own and within transactions; the header is the caller's.</summary>
internal static class KeyAnswers
{
    public static Wire.RangeResponse Of(RangeResponse answer, Wire.RangeRequest request)
    {
        if (request.CountOnly)
        {
            return new Wire.RangeResponse { Count = answer.Count };
        }

        var response = new Wire.RangeResponse { Count = answer.Count, More = answer.More };
        response.Kvs.Capacity = answer.Items.Count;
        foreach (var item in answer.Items)
        {
            response.Kvs.Add(Answers.Of(item));
        }

        return response;
    }

    public static Wire.PutResponse Of(PutResponse answer) =>
        new() { PrevKv = answer.Previous is { } previous ? Answers.Of(previous) : null };

    public static Wire.DeleteRangeResponse Of(DeleteRangeResponse answer)
    {
        var response = new Wire.DeleteRangeResponse { Deleted = answer.Deleted };
        response.PrevKvs.AddRange(answer.Previous.Select(Answers.Of));
        return response;
    }
}
