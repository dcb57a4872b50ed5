using System.CommandLine;
using Raftd.Contract;

namespace Raftd.Cli;

/// <summary>The flags with which a command names the members of one cluster that it speaks with.</summary>
internal sealed class EndpointFlags
{
    public const string Help =
        $"""
        -endpoint URL    {MemberEndpoint.Variable}, or {MemberEndpoint.Default}, if not given
        -cacert FILE     the CA of a member with TLS; -cert and -key where it asks for a certificate
        """;

    public const string BucketVariable = "RAFTD_BUCKET";

    /// <summary>For commands that read or write keys.</summary>
    public const string BucketHelp = $"-bucket NAME     {BucketVariable}, or the bucket default, if not given";

    private const string Flag = "-endpoint";

    private readonly Option<string>? _bucket;
    private readonly Option<string> _endpoint = CommandWords.Named("endpoint");
    private readonly ServerFlags _server = new();

    /// <param name="namesBucket">Whether the command is about the keys of one bucket.</param>
    public EndpointFlags(bool namesBucket = false) => _bucket = namesBucket ? CommandWords.Named("bucket") : null;

    /// <summary>To this command and those below it.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_endpoint);
        _server.AddTo(command);
        if (_bucket is not null)
        {
            command.Options.Add(_bucket);
        }
    }

    /// <summary>For a command that asks any of them: what the first given of flag, variable and default says.</summary>
    /// <param name="parsed">Of a line with these flags.</param>
    /// <param name="problem">The line's error; null if there is none.</param>
    public IReadOnlyList<MemberEndpoint> ReadAll(ParseResult parsed, out CommandLine? problem)
    {
        var urls = parsed.GetValue(_endpoint) ?? Environment.GetEnvironmentVariable(MemberEndpoint.Variable) ?? MemberEndpoint.Default;
        var endpoints = _server.Read(parsed, urls, Flag, out problem);
        if (_bucket is null || (parsed.GetValue(_bucket) ?? Environment.GetEnvironmentVariable(BucketVariable)) is not { Length: > 0 } bucket)
        {
            return endpoints;
        }

        problem ??= BucketNames.Problem(bucket) is { } wrong ? CommandLine.Wrong($"-bucket: {wrong}", "'raftd bucket list' lists the buckets") : null;
        return [.. endpoints.Select(endpoint => endpoint with { Bucket = bucket })];
    }

    /// <summary>For a command that asks one member.</summary>
    /// <param name="parsed">Of a line with these flags.</param>
    /// <param name="showsHow">What to do where it names several.</param>
    /// <param name="use">Makes the line of the member.</param>
    public CommandLine ReadOne(ParseResult parsed, string showsHow, Func<MemberEndpoint, CommandLine> use)
    {
        var members = ReadAll(parsed, out var problem);
        return problem ?? (members.Count == 1 ? use(members[0]) : CommandLine.Wrong($"{Flag}: one member is asked, name it alone", showsHow));
    }
}
