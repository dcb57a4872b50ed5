// How far an import from an etcd has come: a file that is replaced whole, about once a second. It may be a little old, because
// what is done twice comes to the same. That it is there says that the keys in the target are those of this import.

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Raftd.Cli.Moving.Etcd;

/// <summary>What is under way.</summary>
internal enum ImportPhase
{
    /// <summary>Keys are copied in their order, as they are at the revision.</summary>
    Copy,

    /// <summary>All changes up to the revision are there, and those behind it follow.</summary>
    Follow,

    /// <summary>The keys are those of the revision, and get their leases.</summary>
    Settle,
}

/// <param name="Version">Of the format.</param>
/// <param name="SourceCluster">Its id.</param>
/// <param name="TargetCluster">Its id.</param>
/// <param name="Prefix">Of the keys.</param>
/// <param name="Phase">What is under way.</param>
/// <param name="Revision">Of the source.</param>
/// <param name="LastKey">The last one that was copied; empty for none.</param>
internal sealed record ImportState(
    int Version, ulong SourceCluster, ulong TargetCluster, byte[] Prefix, ImportPhase Phase, long Revision, byte[] LastKey)
{
    public const int KnownVersion = 1;

    /// <returns>Null where there is no such file.</returns>
    public static ImportState? Load(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var state = JsonSerializer.Deserialize(File.ReadAllBytes(path), ImportStateJson.Default.ImportState);
            return state is { Version: KnownVersion } ? state : throw new JsonException("it is of another version");
        }
        catch (JsonException foreign)
        {
            throw new MoveException(
                $"{path} is no state of an import: {foreign.Message}", "name another file with -state, or delete it to begin anew with an empty target");
        }
    }

    public void Save(string path)
    {
        var part = path + ".part";
        File.WriteAllBytes(part, JsonSerializer.SerializeToUtf8Bytes(this, ImportStateJson.Default.ImportState));
        File.Move(part, path, overwrite: true);
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, UseStringEnumConverter = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ImportState))]
internal sealed partial class ImportStateJson : JsonSerializerContext;
