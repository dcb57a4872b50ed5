// Sends the requests of a directory that joins (JoinAttempts). They go to the client route POST /join, because -join names
// client addresses.

using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using Raftd.Contract;

namespace Raftd.Node.Membership;

internal sealed class Joining(JoinAttempts attempts, TimeProvider time)
{
    private const int MaxAnswerBytes = 4 << 20;
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(10);

    // As the route names it (docs/rest.md).
    private const string LevelTooLow = "level_too_low";

    /// <returns>The identity, now with a cluster.</returns>
    /// <exception cref="FatalStopException">A member refused for good, or no member accepted it within all attempts.</exception>
    public async Task<MemberIdentity> JoinAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = CallLimit, MaxResponseContentBufferSize = MaxAnswerBytes };
        while (true)
        {
            TimeSpan pause;
            try
            {
                return attempts.Joined(await AskAsync(client, cancellationToken));
            }
            catch (Exception failure) when (IsWorthAnotherAttempt(failure) && !cancellationToken.IsCancellationRequested)
            {
                pause = attempts.Failed(failure.Message);
            }

            await Task.Delay(pause, time, cancellationToken);
        }
    }

    /// <summary>The target was not reached, took too long, or gave an answer that is not raftd's.</summary>
    private static bool IsWorthAnotherAttempt(Exception failure) =>
        failure is HttpRequestException or IOException or OperationCanceledException or FormatException or OverflowException;

    private async Task<JoinResponse> AskAsync(HttpClient client, CancellationToken cancellationToken)
    {
        var request = attempts.Request;
        var body = new JoinBody(
            request.Label,
            request.HttpAddress,
            request.PeerAddress,
            request.Instance.ToString(CultureInfo.InvariantCulture),
            request.Generator,
            request.FeatureLevel);
        using var response = await client.PostAsJsonAsync(
            $"http://{attempts.Target}/join", body, JoinJson.Default.JoinBody, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            var answer = await ReadAsync(response, JoinJson.Default.JoinAnswer, cancellationToken);
            return ToResponse(answer ?? throw new FormatException("the answer is not from a raftd"));
        }

        var refusal = await ReadAsync(response, JoinJson.Default.JoinRefusal, cancellationToken)
            ?? throw new FormatException($"status {(int)response.StatusCode}, and the answer is not from a raftd");
        throw (int)response.StatusCode is 400 or 409
            ? attempts.Refused(
                refusal.Code == LevelTooLow ? ErrorCode.LevelTooLow : ErrorCode.Conflict, refusal.Error, refusal.Hint)
            : new HttpRequestException(refusal.Error);
    }

    private static JoinResponse ToResponse(JoinAnswer answer) => new()
    {
        ClusterId = Number(answer.ClusterId),
        MemberId = Number(answer.MemberId),
        Generator = answer.Generator,
        Members =
        [
            .. answer.Members.Select(member => new Member
            {
                Id = Number(member.Id),
                Label = member.Label,
                HttpAddress = member.HttpAddr,
                PeerAddress = member.RaftAddr,
                IsLearner = false,
            }),
        ],
    };

    private static ulong Number(string text) => ulong.Parse(text, CultureInfo.InvariantCulture);

    /// <returns>Null when another server than raftd answers: its answer is no reason to give up.</returns>
    private static async Task<T?> ReadAsync<T>(
        HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return ForeignJson.TryRead(bytes, type, out var answer) ? answer : null;
    }
}
