using System.Buffers;
using Raftd.Raft;

namespace Raftd.Exploration.Members;

/// <summary>Every message that was ever sent, once, by number. Messages go through the product's codec.</summary>
internal sealed class MessageTable
{
    private readonly List<Message> _messages = [];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public Message this[int number] => _messages[number];

    public int DestinationOf(int number) => (int)_messages[number].To.Value - 1;

    public int NumberOf(Message message)
    {
        _bytes.ResetWrittenCount();
        MessageCodec.Encode(_bytes, message);
        var key = Convert.ToBase64String(_bytes.WrittenSpan);
        if (_numbers.TryGetValue(key, out var number))
        {
            return number;
        }

        if (!MessageCodec.TryDecode(_bytes.WrittenSpan, out var decoded, out var error))
        {
            throw new Violation("messages survive the codec", error);
        }

        number = _messages.Count;
        _numbers[key] = number;
        _messages.Add(decoded);
        return number;
    }
}
