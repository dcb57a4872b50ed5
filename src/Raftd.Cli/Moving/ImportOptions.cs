namespace Raftd.Cli.Moving;

/// <summary>What <c>raftd import</c> is asked to do: exactly one of these.</summary>
/// <param name="To">Addresses of one cluster.</param>
internal abstract record ImportOptions(IReadOnlyList<MemberEndpoint> To)
{
    /// <summary>Reads a file.</summary>
    /// <param name="To">Addresses of one cluster.</param>
    /// <param name="Path">- for standard input.</param>
    /// <param name="Format">Null: its first byte says it.</param>
    /// <param name="Overwrite">Keys that are there with other values are replaced.</param>
    public sealed record File(IReadOnlyList<MemberEndpoint> To, string Path, ImportFormat? Format, bool Overwrite) : ImportOptions(To);

    /// <summary>Copies a running etcd.</summary>
    /// <param name="To">Addresses of one cluster.</param>
    /// <param name="From">Addresses of the source.</param>
    /// <param name="Login">Null where the source asks for none.</param>
    /// <param name="Prefix">Of the keys; empty for all.</param>
    /// <param name="State">The file that says how far it has come.</param>
    /// <param name="Replace">What the target has, and the source has not, is deleted.</param>
    /// <param name="Follow">Changes are applied until the switch.</param>
    /// <param name="CompareOnly">Nothing is written.</param>
    public sealed record Etcd(
        IReadOnlyList<MemberEndpoint> To,
        IReadOnlyList<MemberEndpoint> From,
        Login? Login,
        string Prefix,
        string State,
        bool Replace,
        bool Follow,
        bool CompareOnly) : ImportOptions(To)
    {
        public const string DefaultState = "raftd-import.json";

        /// <summary>The environment variable with the password: words of a command line are seen by all users of a machine.</summary>
        public const string PasswordVariable = "RAFTD_SOURCE_PASSWORD";
    }
}

internal enum ImportFormat
{
    /// <summary>Lines of <c>raftd export</c>.</summary>
    Raftd,

    /// <summary>What <c>consul kv export</c> writes.</summary>
    Consul,
}
