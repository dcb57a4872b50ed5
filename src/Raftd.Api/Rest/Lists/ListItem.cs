using Raftd.Contract;

namespace Raftd.Api.Rest.Lists;

/// <summary>A key of a list, or a folder of keys.</summary>
/// <param name="Name">The key, or what the folder's keys begin with.</param>
/// <param name="Key">Null for a folder.</param>
/// <param name="Count">Keys of the folder.</param>
/// <param name="Bytes">Of their names and values.</param>
internal sealed record ListItem(ReadOnlyMemory<byte> Name, KeyValue? Key, long Count = 1, long Bytes = 0);
