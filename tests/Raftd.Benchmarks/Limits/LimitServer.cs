using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Raftd.Benchmarks.Limits;

/// <summary>What no server in this runtime with these guarantees can surpass: Kestrel with as little behind it as possible.</summary>
internal static class LimitServer
{
    /// <summary>Answers 200 and nothing else.</summary>
    public static Task RunGetAsync(int port) => RunAsync(port, static _ => Task.CompletedTask);

    /// <summary>Reads the body, waits until it is in the log on the disk, and answers 200.</summary>
    public static async Task RunPutAsync(int port, string directory)
    {
        using var commit = new GroupCommit(directory);
        await RunAsync(port, async context => await commit.AppendAsync(await ReadBodyAsync(context.Request)));
    }

    private static Task RunAsync(int port, RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        var app = builder.Build();
        app.Run(context =>
        {
            context.Response.ContentLength = 0;
            return answer(context);
        });
        return app.RunAsync();
    }

    private static async ValueTask<byte[]> ReadBodyAsync(HttpRequest request)
    {
        while (true)
        {
            var result = await request.BodyReader.ReadAsync();
            if (result.IsCompleted)
            {
                var body = result.Buffer.ToArray();
                request.BodyReader.AdvanceTo(result.Buffer.End);
                return body;
            }

            request.BodyReader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }
}
