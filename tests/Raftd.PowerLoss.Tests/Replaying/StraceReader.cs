// What strace -f -xx writes, one line for each call:
//
//   1234  pwrite64(7, "\x61\x62", 2, 4096)  = 2
//   1234  fdatasync(7 <unfinished ...>                     another thread made a call meanwhile
//   1235  rename("\x2f...", "\x2f...")      = 0
//   1234  <... fdatasync resumed>)          = 0
//   1234  openat(AT_FDCWD, "\x2f...", O_RDONLY) = -1 ENOENT (No such file or directory)
//   1234  fdatasync(7)                      = ?            killed in it; or unfinished, and never resumed
//
// Every character of a string is \xNN, so quotes, brackets and commas are always strace's own.

using System.Globalization;

namespace Raftd.PowerLoss.Tests.Replaying;

internal static class StraceReader
{
    private const string Unfinished = " <unfinished ...>";
    private const string Resumed = " resumed>";
    private const int EscapedByte = 4; // \xNN

    public static IReadOnlyList<TraceEvent> Read(string path) => Read(File.ReadLines(path));

    public static IReadOnlyList<TraceEvent> Read(IEnumerable<string> lines)
    {
        var events = new List<TraceEvent>();
        var open = new Dictionary<int, Call>();
        foreach (var line in lines)
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            var thread = int.Parse(line.AsSpan(0, space), CultureInfo.InvariantCulture);
            if (ReadLine(thread, line.AsSpan(space).Trim(), open) is { } read)
            {
                events.Add(read);
            }
        }

        return events;
    }

    private static TraceEvent? ReadLine(int thread, ReadOnlySpan<char> line, Dictionary<int, Call> open)
    {
        if (line.StartsWith("+++") || line.StartsWith("---"))
        {
            return null;
        }

        if (line.StartsWith("<..."))
        {
            var begun = open.Remove(thread, out var call) ? call : throw Unreadable(line);
            begun.Result = ResultOf(line[(line.IndexOf(Resumed) + Resumed.Length)..], out _);
            return new TraceEvent(begun, Begins: false, Ends: true);
        }

        if (line.EndsWith(Unfinished))
        {
            var unfinished = open[thread] = CallOf(thread, line[..^Unfinished.Length]);
            return new TraceEvent(unfinished, Begins: true, Ends: false);
        }

        var result = ResultOf(line, out var end);
        var whole = CallOf(thread, line[..end]);
        whole.Result = result;
        return new TraceEvent(whole, Begins: true, Ends: result is not null);
    }

    /// <param name="line">Ends with ") = result ...".</param>
    /// <param name="end">Where the call's closing bracket is.</param>
    private static long? ResultOf(ReadOnlySpan<char> line, out int end)
    {
        var equals = line.LastIndexOf(" = ") is >= 0 and var found ? found : throw Unreadable(line);
        end = line[..equals].LastIndexOf(')');
        var text = line[(equals + 3)..];
        text = text.IndexOf(' ') is > 0 and var space ? text[..space] : text;
        return text is "?" ? null
            : text.StartsWith("0x") ? unchecked((long)ulong.Parse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))
            : long.Parse(text, CultureInfo.InvariantCulture);
    }

    private static InvalidDataException Unreadable(ReadOnlySpan<char> line) =>
        new($"strace wrote what is no call: {line[..Math.Min(line.Length, 200)]}");

    private static Call CallOf(int thread, ReadOnlySpan<char> text)
    {
        var bracket = text.IndexOf('(');
        return new Call(thread, text[..bracket].ToString(), Arguments(text[(bracket + 1)..]));
    }

    private static List<Argument> Arguments(ReadOnlySpan<char> text)
    {
        var arguments = new List<Argument>();
        var depth = 0;
        var start = 0;
        for (var at = 0; at < text.Length; at++)
        {
            depth += text[at] is '[' or '{' or '(' ? 1 : text[at] is ']' or '}' or ')' ? -1 : 0;
            if (text[at] == ',' && depth == 0)
            {
                arguments.Add(ArgumentOf(text[start..at].Trim()));
                start = at + 1;
            }
        }

        arguments.Add(ArgumentOf(text[start..].Trim()));
        return arguments;
    }

    private static Argument ArgumentOf(ReadOnlySpan<char> text)
    {
        if (!text.Contains('"'))
        {
            return new Argument(text.ToString(), []);
        }

        if (text.IndexOf("\"...") >= 0)
        {
            throw new InvalidDataException("strace cut a string: its -s is too small");
        }

        var bytes = new List<byte>(text.Length / EscapedByte);
        var rest = "";
        for (var part = 0; !text.IsEmpty; part++)
        {
            var quote = text.IndexOf('"') is >= 0 and var found ? found : text.Length;
            if (part % 2 == 0)
            {
                rest += text[..quote].ToString();
            }
            else
            {
                Decode(text[..quote], bytes);
            }

            text = text[Math.Min(quote + 1, text.Length)..];
        }

        return new Argument(rest, [.. bytes]);
    }

    private static void Decode(ReadOnlySpan<char> escaped, List<byte> bytes)
    {
        for (var at = 0; at < escaped.Length; at += EscapedByte)
        {
            bytes.Add((byte)((HexOf(escaped[at + 2]) << 4) | HexOf(escaped[at + 3])));
        }
    }

    private static int HexOf(char digit) => digit <= '9' ? digit - '0' : digit - 'a' + 10;
}
