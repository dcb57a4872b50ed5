using System.Security.Cryptography;

namespace Raftd.Sql.Database;

/// <summary>Draws the ids of clusters, which each bucket is to its clients: 63 bits, never 0.</summary>
internal static class ClusterIds
{
    public static ulong Draw()
    {
        ulong id;
        do
        {
            id = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) >> 1;
        }
        while (id == 0);

        return id;
    }
}
