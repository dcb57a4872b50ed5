using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Raftd.Api.Http;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Routing;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>/snapshot: a backup of the member that is asked.</summary>
internal sealed class SnapshotApi(ApiServices services)
{
    public void Map(IEndpointRouteBuilder rest) => rest.MapGet("/snapshot", SendAsync)
        .WithTags("Operations")
        .WithSummary("A backup")
        .WithDescription(
            "This member's state as of now, from which `raftd snapshot restore` makes a new cluster. Writes go on meanwhile, and a "
            + "slow reader holds up nothing. The file ends with its SHA-256; `raftd snapshot status` checks it.")
        .Answers(200, "the file", ContentTypes.Bytes)
        .Refuses(429, "as many backups are being read as may be, or a peer needed the room of this one")
        .Refuses(503, "this member is fenced or stops, or the copy failed")
        .Refuses(507, "the disk has no room for the copy");

    private async ValueTask SendAsync(RestCall call)
    {
        using var backup = await call.Keyspace.Maintenance.OpenBackupAsync(call.Caller, call.ClientGone);
        var file = new BackupFile(backup);
        call.SetContentType(ContentTypes.Bytes);
        call.Response.Headers.ContentDisposition = "attachment; filename=\"raftd.snapshot\"";
        call.Response.ContentLength = file.Bytes;
        if (!call.IsHead)
        {
            await SendAsync(call, file, backup);
        }
    }

    /// <summary>What breaks off has fewer bytes than were announced: the connection is cut, and no client takes it for whole.</summary>
    private async ValueTask SendAsync(RestCall call, BackupFile file, IBackup backup)
    {
        call.CutOffSlowReader();
        using var patience = new Patience(file.Bytes, services, call.ClientGone);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, backup.Revoked, services.Stopping);
        try
        {
            foreach (var piece in file.Read())
            {
                if ((await call.Response.BodyWriter.WriteAsync(piece, end.Token)).IsCompleted)
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            call.Context.Abort();
        }
    }
}
