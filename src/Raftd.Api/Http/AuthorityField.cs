// The :authority of a HEADERS frame, where it is written out (RFC 7541, section 6, and RFC 9113, section 6.2).
//
//   +---------------+------+-------+-----------+
//   | length (24)   | type | flags | stream    |   the frame's header
//   +---------------+------+-------+-----------+
//   | [pad length] [priority, 40 bits]         |   where the flags say so
//   +------------------------------------------+
//   | 1 iiiiiii                                |   a field by its index
//   | 01 iiiiii, 0000 iiii or 0001 iiii, value |   a field by the index of its name, written out; i is 1 for :authority
//   | 001 sssss                                |   a change of the size of the table
//   +------------------------------------------+
//
// A field that is written out may be given an index (01), and be named by that from then on. Each side counts the sizes of the
// fields that have one, and forgets the oldest beyond its limit. So a value must not become longer here: a shorter one is
// forgotten by Kestrel later than by the client, which names it no more then; a longer one would be forgotten earlier.

using System.Text;

namespace Raftd.Api.Http;

internal static class AuthorityField
{
    public const int FrameHeaderBytes = 9;

    private const int Padded = 0x08;
    private const int WithPriority = 0x20;
    private const int AuthorityIndex = 1; // of RFC 7541, appendix A
    private const int MaxPlainBytes = 0x7e; // whose length is a single byte

    /// <param name="frame">A whole HEADERS frame.</param>
    /// <returns>The frame with the authority of the URL that stands in its :authority; null where no URL stands there.</returns>
    public static byte[]? WithoutScheme(ReadOnlySpan<byte> frame)
    {
        var flags = frame[4];
        var isPadded = (flags & Padded) != 0;
        var begin = FrameHeaderBytes + (isPadded ? 1 : 0) + ((flags & WithPriority) != 0 ? 5 : 0);
        var end = frame.Length - (isPadded && frame.Length > FrameHeaderBytes ? frame[FrameHeaderBytes] : 0);
        var fields = new Fields(frame[..Math.Max(begin, Math.Min(end, frame.Length))], begin);
        if (begin > frame.Length || !fields.TryFindAuthority(out var value, out var text))
        {
            return null;
        }

        var rest = text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? text[7..]
            : text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? text[8..]
            : "";
        return rest.Length is 0 or > MaxPlainBytes ? null : Replace(frame, value, Encoding.ASCII.GetBytes(rest));
    }

    /// <param name="value">Where the old value stands, with its length.</param>
    private static byte[] Replace(ReadOnlySpan<byte> frame, Range value, ReadOnlySpan<byte> plain)
    {
        byte[] replaced = [.. frame[..value.Start], (byte)plain.Length, .. plain, .. frame[value.End..]];
        var length = replaced.Length - FrameHeaderBytes;
        replaced[0] = (byte)(length >> 16);
        replaced[1] = (byte)(length >> 8);
        replaced[2] = (byte)length;
        return replaced;
    }

    /// <summary>The fields of a block, from one to the next.</summary>
    private ref struct Fields(ReadOnlySpan<byte> block, int begin)
    {
        private readonly ReadOnlySpan<byte> _block = block;
        private int _at = begin;

        /// <param name="value">Where its value stands, with its length.</param>
        /// <param name="text">The value.</param>
        public bool TryFindAuthority(out Range value, out string text)
        {
            while (_at < _block.Length)
            {
                var first = _block[_at];
                if (first >= 0x80 || (first & 0xe0) == 0x20)
                {
                    if (!TryReadNumber(first >= 0x80 ? 7 : 5, out _))
                    {
                        break;
                    }

                    continue;
                }

                if (!TryReadNumber(first >= 0x40 ? 6 : 4, out var name)
                    || (name == 0 && !TryReadString(out _))
                    || !TryReadString(out var begin))
                {
                    break;
                }

                if (name == AuthorityIndex)
                {
                    value = begin.._at;
                    return TryDecode(begin, out text);
                }
            }

            value = default;
            text = "";
            return false;
        }

        private readonly bool TryDecode(int begin, out string text)
        {
            var isHuffman = _block[begin] >= 0x80;
            var reader = new Fields(_block, begin);
            _ = reader.TryReadNumber(7, out _);
            var bytes = _block[reader._at.._at];
            var decoded = isHuffman ? HuffmanText.TryDecode(bytes) : Encoding.ASCII.GetString(bytes);
            text = decoded ?? "";
            return decoded is not null;
        }

        /// <param name="begin">Where it begins, with its length.</param>
        private bool TryReadString(out int begin)
        {
            begin = _at;
            if (!TryReadNumber(7, out var length) || length > _block.Length - _at)
            {
                return false;
            }

            _at += length;
            return true;
        }

        /// <summary>A number in the low bits of a byte, and in further bytes where it does not fit (RFC 7541, section 5.1).</summary>
        private bool TryReadNumber(int bits, out int number)
        {
            number = 0;
            if (_at == _block.Length)
            {
                return false;
            }

            var most = (1 << bits) - 1;
            number = _block[_at++] & most;
            for (var shift = 0; number >= most && shift <= 21; shift += 7)
            {
                if (_at == _block.Length)
                {
                    return false;
                }

                var next = _block[_at++];
                number += (next & 0x7f) << shift;
                if (next < 0x80)
                {
                    return true;
                }
            }

            return number < most;
        }
    }
}
