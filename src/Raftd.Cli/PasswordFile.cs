using System.Text;
using Raftd.Cli.Settings;
using Raftd.Sql;

namespace Raftd.Cli;

/// <summary>The file of <c>-store-password-file</c>: the password and nothing else, but for line ends behind it.</summary>
internal static class PasswordFile
{
    // Far longer than any password, and far shorter than a file that was named by mistake may be.
    private const int MostBytes = 4096;

    /// <summary>The target with the password of the file, where one is named.</summary>
    /// <exception cref="FatalException">The file cannot be read, or holds no password.</exception>
    public static SqlTarget Complete(StoreSettings store)
    {
        var target = store.Target!;
        return store.PasswordFile is { } path ? target.WithPassword(Read(path)) : target;
    }

    private static string Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var bytes = new byte[MostBytes + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            var text = Encoding.UTF8.GetString(bytes, 0, length).TrimEnd('\r', '\n');
            return length <= MostBytes && text.Length > 0 && !text.Contains('\n')
                ? text
                : throw Wrong(path, $"does not hold a password: expected one line of at most {MostBytes} bytes");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Wrong(path, $"cannot be read ({exception.Message})");
        }
    }

    private static FatalException Wrong(string path, string what) => new(new FatalError(
        ExitCode.Usage, $"{Flags.StorePasswordFile.Label} {path}: {what}", "name a file that the server's user may read, with the password in it"));
}
