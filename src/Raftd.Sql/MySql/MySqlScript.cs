using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Raftd.Sql.MySql;

/// <summary>
/// Statements as text, in packets that the server takes. Numbers stand in decimals and bytes in hexadecimals (x'00FF'), so that no
/// byte of a key or of a value means anything to the parser, whatever its mode and character set.
/// </summary>
internal sealed class MySqlScript
{
    /// <summary>A row that would begin behind so many characters begins another packet.</summary>
    public const int PacketChars = 4 << 20;

    // A list of keys that is much longer is looked for by other ways than the index: above 1 000 by MariaDB, by bytes by MySQL.
    private const int RowsOfOneStatement = 500;

    private readonly List<string> _packets = [];
    private readonly StringBuilder _text = new();

    /// <summary>One statement.</summary>
    public MySqlScript Add([InterpolatedStringHandlerArgument("")] Statement statement)
    {
        _ = statement; // it has written itself
        _text.Append(";\n");
        return this;
    }

    /// <summary>One statement with a list of rows in it; several, where they are many, and none where there are none.</summary>
    /// <param name="rows">Of the list.</param>
    /// <param name="begin">What is before the list.</param>
    /// <param name="row">An item of it.</param>
    /// <param name="end">What is behind it.</param>
    public MySqlScript AddRows<T>(
        IReadOnlyList<T> rows, Action<MySqlScript> begin, Action<MySqlScript, T> row, Action<MySqlScript> end)
    {
        for (var at = 0; at < rows.Count;)
        {
            if (_text.Length >= PacketChars)
            {
                EndPacket();
            }

            begin(this);
            row(this, rows[at++]);
            for (var count = 1; count < RowsOfOneStatement && at < rows.Count && _text.Length < PacketChars; count++)
            {
                _text.Append(',');
                row(this, rows[at++]);
            }

            end(this);
            _text.Append(";\n");
        }

        return this;
    }

    /// <summary>Part of a statement.</summary>
    public void Write([InterpolatedStringHandlerArgument("")] Statement part) => _ = part;

    /// <summary>In their order. The last one has the last statement.</summary>
    public IReadOnlyList<string> Packets()
    {
        EndPacket();
        return _packets;
    }

    private void EndPacket()
    {
        if (_text.Length > 0)
        {
            _packets.Add(_text.ToString());
            _text.Clear();
        }
    }

    /// <summary>Writes what the compiler finds between the quotes into the script.</summary>
    [InterpolatedStringHandler]
    internal readonly ref struct Statement
    {
        private const int HexStep = 256;

        private readonly StringBuilder _text;

        public Statement(int literalLength, int formattedCount, MySqlScript script)
        {
            _ = (literalLength, formattedCount); // asked for by the compiler
            _text = script._text;
        }

        public void AppendLiteral(string sql) => _text.Append(sql);

        public void AppendFormatted(Sql sql) => _text.Append(sql.Text);

        public void AppendFormatted(long number) => _text.Append(CultureInfo.InvariantCulture, $"{number}");

        /// <summary>As the BIGINT of the same bits.</summary>
        public void AppendFormatted(ulong number) => AppendFormatted(unchecked((long)number));

        public void AppendFormatted(long? number)
        {
            if (number is { } known)
            {
                AppendFormatted(known);
            }
            else
            {
                _text.Append("NULL");
            }
        }

        public void AppendFormatted(byte[]? bytes)
        {
            if (bytes is null)
            {
                _text.Append("NULL");
            }
            else
            {
                AppendFormatted((ReadOnlyMemory<byte>)bytes);
            }
        }

        public void AppendFormatted(ReadOnlyMemory<byte> bytes)
        {
            Span<char> hex = stackalloc char[2 * HexStep];
            _text.Append("x'");
            for (var at = 0; at < bytes.Length; at += HexStep)
            {
                Convert.TryToHexString(bytes.Span[at..Math.Min(at + HexStep, bytes.Length)], hex, out var written);
                _text.Append(hex[..written]);
            }

            _text.Append('\'');
        }
    }
}
