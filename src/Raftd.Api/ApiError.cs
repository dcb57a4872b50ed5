using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Raftd.Contract;

namespace Raftd.Api;

/// <summary>An answer that is not the one asked for: the status and the JSON body of docs/rest.md.</summary>
internal sealed record ApiError(int Status, string Code, string Message, string Hint = "", string? Leader = null)
{
    public static ApiError BadRequest(string message, string hint = "") =>
        new(StatusCodes.Status400BadRequest, "bad_request", message, hint);

    public static ApiError ForeignHost(string host) => Forbidden(
        $"this member does not answer to the Host {Shown(host)}: it is not in -allowed-hosts",
        "use the member's IP address or host name, or start the members with -allowed-hosts and the name: a page may point a name "
        + "that it owns at this address");

    public static ApiError ForeignOrigin(string origin) => Forbidden(
        $"a page of {Shown(origin)} may not ask here", "pages are served by the member itself; programs send no Origin");

    public static ApiError NotFound(string message, string hint = "") =>
        new(StatusCodes.Status404NotFound, "not_found", message, hint);

    public static ApiError MethodNotAllowed(string method, string allow) =>
        new(StatusCodes.Status405MethodNotAllowed, "method_not_allowed", $"{method} is not allowed here", $"use {allow}");

    public static ApiError Conflict(string message, string hint) =>
        new(StatusCodes.Status409Conflict, "conflict", message, hint);

    public static ApiError ConditionFailed(string message) =>
        new(StatusCodes.Status412PreconditionFailed, "condition_failed", message, "read the key again and decide anew");

    public static ApiError TooLarge(string message, string hint) =>
        new(StatusCodes.Status413PayloadTooLarge, "too_large", message, hint);

    public static ApiError RequestTimeout(string message, string hint) =>
        new(StatusCodes.Status408RequestTimeout, "request_timeout", message, hint);

    public static ApiError RangeNotSatisfiable(long lengthBytes) =>
        new(
            StatusCodes.Status416RangeNotSatisfiable,
            "range_not_satisfiable",
            $"the range lies beyond the value of {lengthBytes} bytes",
            "ask for a range within the value, or leave Range out");

    public static ApiError TooManyRequests(string message) =>
        new(StatusCodes.Status429TooManyRequests, "too_many_requests", message, "try again after Retry-After");

    public static ApiError NoLeader() =>
        new(StatusCodes.Status503ServiceUnavailable, "no_leader", "no leader is known", "try again after Retry-After");

    public static ApiError Internal() =>
        new(
            StatusCodes.Status500InternalServerError,
            "internal",
            "the server failed to answer; this is a bug",
            "the server's log says more");

    /// <summary>The one mapper from the store's failures.</summary>
    public static ApiError From(StoreException failure)
    {
        var (status, code) = Row(failure.Code);
        return new ApiError(status, code, failure.Message, failure.Hint, failure.LeaderUrl);
    }

    /// <summary>The framework's own refusals that reach us: a body that ends early, comes too slowly or is malformed.</summary>
    public static ApiError From(BadHttpRequestException failure) => failure.StatusCode switch
    {
        StatusCodes.Status408RequestTimeout =>
            RequestTimeout("the body came too slowly", "send it faster; nothing was stored"),
        StatusCodes.Status413PayloadTooLarge => TooLarge("the body is too large", "send less"),
        _ => BadRequest("the request is malformed or its body ended early", "nothing was stored; send it again"),
    };

    private static ApiError Forbidden(string message, string hint) =>
        new(StatusCodes.Status403Forbidden, "forbidden", message, hint);

    /// <summary>A header may be 32 KiB long.</summary>
    private static string Shown(string header) =>
        header.Length <= MaxShownChars ? $"`{header}`" : $"`{header[..MaxShownChars]}`…";

    private const int MaxShownChars = 300;

    private static (int Status, string Code) Row(ErrorCode code) => code switch
    {
        ErrorCode.BadRequest or ErrorCode.FutureRevision or ErrorCode.EmptyKey or ErrorCode.DuplicateKey
            or ErrorCode.TooManyOperations => (400, "bad_request"),
        ErrorCode.Unauthenticated => (401, "unauthenticated"),
        ErrorCode.NotFound or ErrorCode.KeyNotFound => (404, "not_found"),
        ErrorCode.BucketNotFound => (404, "bucket_not_found"),
        ErrorCode.Conflict or ErrorCode.AddressTaken or ErrorCode.NotALearner or ErrorCode.LearnerBehind => (409, "conflict"),
        ErrorCode.Compacted => (410, "compacted"),
        ErrorCode.TooLarge => (413, "too_large"),
        ErrorCode.NoSpace => (507, "no_space"),
        ErrorCode.LevelTooLow => (409, "level_too_low"),
        ErrorCode.TooManyRequests => (429, "too_many_requests"),
        ErrorCode.NoLeader => (503, "no_leader"),
        ErrorCode.NotReady => (503, "not_ready"),
        ErrorCode.UnknownOutcome => (504, "unknown_outcome"),
        _ => (500, "internal"),
    };
}

/// <summary>Ends a handler with an error answer; caught by the dispatcher alone.</summary>
internal sealed class ApiException(ApiError error) : Exception(error.Message)
{
    public ApiError Error { get; } = error;

    [DoesNotReturn]
    public static void BadRequest(string message, string hint = "") =>
        throw new ApiException(ApiError.BadRequest(message, hint));

    [DoesNotReturn]
    public static T BadRequest<T>(string message, string hint = "") =>
        throw new ApiException(ApiError.BadRequest(message, hint));
}
