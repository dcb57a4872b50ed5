using System.Text.Json;
using Google.Protobuf;

namespace Raftd.Cli.Moving;

/// <summary>Reads what `consul kv export` writes: an array of {"key","flags","value"}, the value as base64.</summary>
/// <remarks>The memory is that of the longest text.</remarks>
internal sealed class ConsulReader(Stream from) : IKeySource
{
    private const int MaxTextBytes = 256 << 20;

    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private bool _isLastPart;
    private JsonReaderState _state;
    private long _keys;
    private long _flagged;
    private bool _hasBegun;

    public string? Warning => _flagged == 0 ? null : $"{_flagged} keys had flags, which raftd does not have: they were left out";

    public async ValueTask<ExportItem?> NextAsync(CancellationToken stop)
    {
        try
        {
            if (!_hasBegun)
            {
                _hasBegun = true;
                await RequireAsync(JsonTokenType.StartArray, stop);
            }

            var token = await ReadAsync(stop);
            if (token.Kind == JsonTokenType.StartObject)
            {
                return new ExportItem.Key(await ReadKeyAsync(stop));
            }

            if (token.Kind != JsonTokenType.EndArray)
            {
                throw new JsonException("an entry is no object");
            }

            await RequireNoMoreAsync(stop);
            return null;
        }
        catch (Exception foreign) when (foreign is JsonException or InvalidOperationException)
        {
            throw new MoveException(
                $"the file of Consul cannot be read behind its key {_keys}: {foreign.Message}", "give a whole file of 'consul kv export'");
        }
    }

    private async ValueTask<MovedKey> ReadKeyAsync(CancellationToken stop)
    {
        ByteString? key = null;
        var value = ByteString.Empty;
        while ((await ReadAsync(stop)) is { Kind: JsonTokenType.PropertyName } name)
        {
            var field = await ReadAsync(stop);
            switch (name.Text!.ToStringUtf8())
            {
                case "key":
                    key = field.Text;
                    break;
                case "value":
                    value = JsonBytes.Decode(field.Text ?? ByteString.Empty, "a value");
                    break;
                case "flags" when field.IsNotZero:
                    _flagged++;
                    break;
            }

            if (field.Kind is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                throw new JsonException("a field is neither text nor number");
            }
        }

        _keys++;
        return key is { Length: > 0 } ? new MovedKey(key, value, Lease: 0) : throw new JsonException("an entry has no key");
    }

    private async ValueTask RequireAsync(JsonTokenType kind, CancellationToken stop)
    {
        if ((await ReadAsync(stop)).Kind != kind)
        {
            throw new JsonException("it is no array of keys");
        }
    }

    /// <summary>Blanks may follow; the reader refuses anything else.</summary>
    private async ValueTask RequireNoMoreAsync(CancellationToken stop)
    {
        while (!_isLastPart)
        {
            TryRead(out _);
            await FillAsync(stop);
        }

        TryRead(out _);
    }

    private async ValueTask<Token> ReadAsync(CancellationToken stop)
    {
        Token token;
        while (!TryRead(out token))
        {
            if (_isLastPart)
            {
                throw new JsonException("it is cut short");
            }

            await FillAsync(stop);
        }

        return token;
    }

    private bool TryRead(out Token token)
    {
        var json = new Utf8JsonReader(_buffer.AsSpan(_start.._end), _isLastPart, _state);
        var hasRead = json.Read();
        token = hasRead
            ? new Token(
                json.TokenType,
                json.TokenType is JsonTokenType.String or JsonTokenType.PropertyName ? JsonBytes.Of(json) : null,
                json.TokenType == JsonTokenType.Number && !json.ValueSpan.SequenceEqual("0"u8))
            : default;
        _state = json.CurrentState;
        _start += (int)json.BytesConsumed;
        return hasRead;
    }

    private async ValueTask FillAsync(CancellationToken stop)
    {
        _buffer.AsSpan(_start.._end).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= MaxTextBytes)
            {
                throw new JsonException($"a text has more than {MaxTextBytes} bytes");
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var read = await from.ReadAsync(_buffer.AsMemory(_end), stop);
        _end += read;
        _isLastPart = read == 0;
    }

    private readonly record struct Token(JsonTokenType Kind, ByteString? Text, bool IsNotZero);
}
