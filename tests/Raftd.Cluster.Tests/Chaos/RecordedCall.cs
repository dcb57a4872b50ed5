using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing.Histories;

namespace Raftd.Cluster.Tests.Chaos;

internal enum CallEnd
{
    /// <summary>Done, and told so: the operation knows its revision.</summary>
    Answered,

    /// <summary>Surely not done.</summary>
    Refused,

    /// <summary>It is not known.</summary>
    Unknown,
}

/// <summary>One operation sent to one member over REST, and what its answer says of it.</summary>
internal static class RecordedCall
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);

    public static async Task<CallEnd> SendAsync(Member member, Operation operation)
    {
        try
        {
            var request = ToRequest(operation);
            var answer = await member.SendAsync(request.Method, request.Target, request.Body, Patience, request.Condition);
            return Take(operation, answer);
        }
        catch (HttpRequestException failure) when (failure.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
        {
            return CallEnd.Refused;
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            return CallEnd.Unknown;
        }
    }

    private static (HttpMethod Method, string Target, byte[]? Body, Action<HttpRequestHeaders>? Condition) ToRequest(Operation operation)
    {
        var target = $"/key/{operation.Key}";
        return operation.Kind switch
        {
            OperationKind.Put => (HttpMethod.Put, target, Encoding.UTF8.GetBytes(operation.Value!), Condition(operation.ExpectedRevision)),
            OperationKind.Delete => (HttpMethod.Delete, target, null, null),
            OperationKind.StaleRead => (HttpMethod.Get, target + "?level=stale", null, null),
            _ => (HttpMethod.Get, target, null, null),
        };
    }

    private static Action<HttpRequestHeaders>? Condition(long? expected) => expected switch
    {
        null => null,
        0 => headers => headers.Add("If-None-Match", "*"),
        { } revision => headers => headers.Add("If-Match", string.Create(CultureInfo.InvariantCulture, $"\"{revision}\"")),
    };

    private static CallEnd Take(Operation operation, Answer answer)
    {
        switch (answer.Status)
        {
            case 200 or 404 or 412:
                break;
            case 503 or 429 or 507:
                return CallEnd.Refused;
            case 504:
                return CallEnd.Unknown;
            default:
                throw new SafetyViolationException($"{operation} was answered with {answer}");
        }

        operation.Revision = Number(answer, "X-Raftd-Revision");
        switch (operation.Kind)
        {
            case OperationKind.Put:
                operation.HasChanged = answer.Status == 200;
                break;
            case OperationKind.Delete:
                operation.HasChanged = Number(answer, "X-Raftd-Deleted") > 0;
                break;
            case var _ when answer.Status == 200:
                operation.Seen = KeyVersion.Describe([Version(operation.Key, answer)]);
                break;
        }

        return CallEnd.Answered;
    }

    /// <summary>What a member answered to a read of the key: null for none.</summary>
    public static KeyVersion? ToVersion(string key, Answer answer) => answer.Status switch
    {
        200 => Version(key, answer),
        404 => null,
        _ => throw new SafetyViolationException($"the history of {key} was answered with {answer}"),
    };

    private static KeyVersion Version(string key, Answer answer) => new(key, Number(answer, "X-Raftd-Mod-Revision"), answer.Body);

    private static long Number(Answer answer, string header) =>
        long.Parse(answer.Header(header) ?? throw new SafetyViolationException($"no {header}: {answer}"), CultureInfo.InvariantCulture);
}
