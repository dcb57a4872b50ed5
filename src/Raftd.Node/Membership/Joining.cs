// Sends the requests of a directory that joins (JoinAttempts). They go to POST /join: of the client address, which is what
// -join names, or of the peer address, which is all that etcd's flags tell of a member. Peers speak HTTP/2 alone.

using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using Raftd.Contract;
using Raftd.Peers;
using Raftd.Tls;

namespace Raftd.Node.Membership;

/// <param name="attempts">Which member is asked next, and with what.</param>
/// <param name="arePeers">The addresses are those for peers.</param>
/// <param name="tls">The certificate of this member, and the CA of theirs; null for clear text.</param>
/// <param name="time">Of the pauses.</param>
internal sealed class Joining(JoinAttempts attempts, bool arePeers, TlsIdentity? tls, TimeProvider time)
{
    private const int MaxAnswerBytes = 4 << 20;
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(10);

    // As the route names it (docs/rest.md).
    internal const string LevelTooLow = "level_too_low";

    // As a port with TLS answers clear text (Raftd.Tls).
    private const string TlsRequired = "tls_required";

    /// <returns>The identity, now with a cluster.</returns>
    /// <exception cref="FatalStopException">A member refused for good, or no member accepted it within all attempts.</exception>
    public async Task<MemberIdentity> JoinAsync(CancellationToken cancellationToken)
    {
        using var client = CreateClient();
        while (true)
        {
            TimeSpan pause;
            try
            {
                return attempts.Joined(await AskAsync(client, cancellationToken));
            }
            catch (Exception failure) when (IsWorthAnotherAttempt(failure) && !cancellationToken.IsCancellationRequested)
            {
                pause = attempts.Failed(TlsDial.ReasonOf(failure));
            }

            await Task.Delay(pause, time, cancellationToken);
        }
    }

    private HttpClient CreateClient()
    {
        var handler = new SocketsHttpHandler();
        if (tls is not null)
        {
            handler.SslOptions = TlsDial.OptionsOf(tls);
        }

        return new HttpClient(handler)
        {
            Timeout = CallLimit,
            MaxResponseContentBufferSize = MaxAnswerBytes,
            DefaultRequestVersion = arePeers ? HttpVersion.Version20 : HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
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
            $"{(tls is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps)}://{attempts.Target}/join", body, JoinJson.Default.JoinBody, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            var answer = await ReadAsync(response, JoinJson.Default.JoinAnswer, cancellationToken);
            return ToResponse(answer ?? throw new FormatException("the answer is not from a raftd"));
        }

        var refusal = await ReadAsync(response, JoinJson.Default.JoinRefusal, cancellationToken)
            ?? throw new FormatException($"status {(int)response.StatusCode}, and the answer is not from a raftd");
        if (refusal.Code == TlsRequired)
        {
            throw attempts.NeedsTls();
        }

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
