using System.Text;

namespace Raftd.Api.Http;

/// <summary>Reads `:authority` without the scheme that some clients put in front of it.</summary>
/// <remarks>
/// The Go client of etcd 3.4, and with it etcdctl, dials the members' client URLs for what it asks of each member by itself
/// (`endpoint status --cluster`, `endpoint hashkv`, `defrag`), and names the whole URL as the authority. etcd overlooks that;
/// Kestrel resets the stream, before any middleware sees it. How header values are decoded is the one place in front of that
/// check, so it is done here. Kestrel looks at what is left as it does at any authority.
/// </remarks>
internal sealed class AuthorityEncoding : Encoding
{
    private const string Authority = ":authority";

    private static readonly AuthorityEncoding Instance = new();

    /// <summary>For KestrelServerOptions: null leaves a header to Kestrel.</summary>
    public static Encoding? ForHeader(string name) => name == Authority ? Instance : null;

    public override int GetByteCount(char[] chars, int index, int count) => Latin1.GetByteCount(chars, index, count);

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    public override int GetCharCount(byte[] bytes, int index, int count) => WithoutScheme(bytes.AsSpan(index, count)).Length;

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
        Latin1.GetChars(WithoutScheme(bytes.AsSpan(byteIndex, byteCount)), chars.AsSpan(charIndex));

    public override int GetMaxByteCount(int charCount) => charCount;

    public override int GetMaxCharCount(int byteCount) => byteCount;

    private static ReadOnlySpan<byte> WithoutScheme(ReadOnlySpan<byte> authority) =>
        authority.StartsWith("http://"u8) ? authority["http://".Length..]
        : authority.StartsWith("https://"u8) ? authority["https://".Length..]
        : authority;
}
