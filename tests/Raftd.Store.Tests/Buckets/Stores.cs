using Raftd.Store.Buckets;

namespace Raftd.Store.Tests.Buckets;

/// <summary>Short words for what tests of stores do all the time.</summary>
internal static class Stores
{
    public static void Put(this IBucketStore store, Bucket bucket, byte[] key, byte[] value) =>
        store.Write(writer => writer.Put(bucket, key, value));

    public static byte[]? Get(this IBucketStore store, Bucket bucket, byte[] key)
    {
        using var reader = store.BeginRead();
        return reader.TryGet(bucket, key, out var value) ? value.ToArray() : null;
    }

    /// <summary>Everything in the store as text, one pair a line: two stores are equal when this is.</summary>
    public static string Dump(this IBucketStore store)
    {
        using var reader = store.BeginRead();
        return Dump(reader);
    }

    public static string Dump(this IBucketReader reader)
    {
        var text = new System.Text.StringBuilder();
        foreach (var bucket in Enum.GetValues<Bucket>())
        {
            using var cursor = reader.OpenCursor(bucket);
            for (var more = cursor.Seek(default); more; more = cursor.MoveNext())
            {
                text.Append(bucket).Append(' ').Append(Convert.ToHexString(cursor.Key)).Append('=')
                    .AppendLine(Convert.ToHexString(cursor.Value));
            }
        }

        return text.ToString();
    }
}
