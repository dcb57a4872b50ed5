using System.Diagnostics;

namespace Raftd.Api.Tests;

/// <summary>Runs shell lines as users type them, with the address of the README replaced by the server's.</summary>
internal static class Curl
{
    public static async Task<string> RunAsync(IApiHost host, string script)
    {
        var start = new ProcessStartInfo("bash", ["-c", Against(host, script)])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"exit {process.ExitCode} of: {script}\n{error}");
        return await output;
    }

    private static string Against(IApiHost host, string script)
    {
        var protocol = host.Http2 is null ? "--http1.1" : host.Tls is null ? "--http2-prior-knowledge" : "--http2 --insecure";
        var address = host.Tls is null ? host.BaseUrl.Authority : $"https://{host.BaseUrl.Authority}";
        return $$"""
            curl() { command curl {{protocol}} "$@"; }
            {{script.Replace("127.0.0.1:8001", address, StringComparison.Ordinal)}}
            """;
    }
}
