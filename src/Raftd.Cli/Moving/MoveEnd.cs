using System.Text.Json;

namespace Raftd.Cli.Moving;

/// <summary>How an export or an import ends: its exit code, and the line that says why.</summary>
internal static class MoveEnd
{
    public static async Task<ExitCode> OfAsync(TextWriter stderr, Func<Task> move)
    {
        try
        {
            await move();
            return ExitCode.Ok;
        }
        catch (FatalException refused)
        {
            return ProcessEnd.Report(stderr, refused.Error);
        }
        catch (MoveException ended)
        {
            return ProcessEnd.Report(stderr, ended.Error);
        }
        catch (GrpcFailure refused)
        {
            return Failed(stderr, $"a server refused: {refused.Message}", "check the addresses, and the rights of the user");
        }
        catch (JsonException foreign)
        {
            return Failed(stderr, $"a server answered what cannot be read: {foreign.Message}", "is it a raftd? check -endpoint");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Failed(stderr, failure.Message, "check the path and its rights, and the room on its disk");
        }
    }

    private static ExitCode Failed(TextWriter stderr, string what, string toDo) =>
        ProcessEnd.Report(stderr, new FatalError(ExitCode.StartFailed, what, toDo));
}
