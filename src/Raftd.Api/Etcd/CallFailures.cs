using Google.Protobuf;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Raftd.Contract;

namespace Raftd.Api.Etcd;

/// <summary>Makes a status of the exception that ended a call: here alone.</summary>
internal static class CallFailures
{
    public static EtcdStatus StatusOf(Exception exception, EtcdCall call, EtcdMethod method) => exception switch
    {
        EtcdException known => known.Status,
        StoreException failure => method.Failures.StatusOf(failure),
        OperationCanceledException => call.IsPastDeadline ? EtcdStatus.DeadlineExceeded
            : call.IsStopping ? EtcdStatus.Stopped
            : EtcdStatus.Canceled,
        ApiException refusal => Refused(refusal, call),
        InvalidProtocolBufferException malformed =>
            new EtcdStatus(GrpcCode.Internal, $"grpc: error unmarshalling request: {malformed.Message}"),
        BadHttpRequestException malformed => new EtcdStatus(GrpcCode.Internal, $"raftd: {malformed.Message}"),
        ConnectionResetException or ConnectionAbortedException or IOException => Gone(call, method),
        _ => call.Context.RequestAborted.IsCancellationRequested ? Gone(call, method) : Bug(exception, call, method),
    };

    /// <summary>By the budgets, and by the limits of bodies.</summary>
    private static EtcdStatus Refused(ApiException refusal, EtcdCall call)
    {
        switch (refusal.Error.Status)
        {
            case StatusCodes.Status429TooManyRequests:
                ApiLog.BudgetFull(call.Services.Log, refusal.Message);
                return EtcdStatus.TooManyRequests;
            case StatusCodes.Status408RequestTimeout:
                return new EtcdStatus(GrpcCode.DeadlineExceeded, $"raftd: {refusal.Message}");
            case StatusCodes.Status413PayloadTooLarge:
                return new EtcdStatus(GrpcCode.ResourceExhausted, $"raftd: {refusal.Message}");
            default:
                return EtcdStatus.Wrong($"raftd: {refusal.Message}");
        }
    }

    private static EtcdStatus Gone(EtcdCall call, EtcdMethod method)
    {
        ApiLog.ClientGone(call.Services.Log, call.Context.Request.Method, method.GrpcPath);
        return EtcdStatus.Canceled;
    }

    private static EtcdStatus Bug(Exception exception, EtcdCall call, EtcdMethod method)
    {
        ApiLog.RequestFailed(call.Services.Log, exception, call.Context.Request.Method, method.GrpcPath);
        return EtcdStatus.Bug;
    }
}
