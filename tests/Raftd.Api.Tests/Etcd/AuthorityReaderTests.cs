using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Raftd.Api.Http;

namespace Raftd.Api.Tests.Etcd;

/// <summary>Requests whose :authority is a URL, as Go's clientv3 sends them to an endpoint that it knows as a URL.</summary>
public sealed class AuthorityReaderTests
{
    private const byte Headers = 1;
    private const byte EndOfStream = 0x1;
    private const byte EndOfHeaders = 0x4;

    // As Go's encoder writes them: :method GET, :scheme http, :path /livez and the :authority, all with an index from then on.
    private const string Path = "828645856283772fbf";
    private const string OfHttpUrl = Path + "418f9d29aee30c044eae05c0b86e09975f"; // http://127.0.0.1:2379
    private const string OfHttpsUrl = Path + "41909d29ad171863ff772e07ff9704cbafff"; // https://[::1]:2379
    private const string OfUpperCase = Path + "4191c7bf7ebb8c3035aec445cbe474d7416e07"; // HTTP://a-B_c.example:1
    private const string OfHost = Path + "418a089d5c0b8170dc132ebf"; // 127.0.0.1:2379
    private const string ByIndex = "8286bfbe";

    private static readonly byte[] Preface = Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    private static readonly byte[] Settings = Frame(4, 0, 0, []);
    private static readonly byte[] Data = Frame(0, EndOfStream, 1, [1, 1, 1, 41, 41]);

    /// <summary>What a client sends in HEADERS, and what Kestrel gets.</summary>
    public static TheoryData<string, string> Blocks => new()
    {
        { OfHttpUrl, Path + Plain("127.0.0.1:2379") },
        { OfHttpsUrl, Path + Plain("[::1]:2379") },
        { OfUpperCase, Path + Plain("a-B_c.example:1") },
        { Path + Plain("http://plain:1") + "c0", Path + Plain("plain:1") + "c0" },
        { "3fe11f" + OfHttpUrl, "3fe11f" + Path + Plain("127.0.0.1:2379") },
        { "0003612d620163" + OfHttpUrl, "0003612d620163" + Path + Plain("127.0.0.1:2379") },
        { OfHost, OfHost },
        { Path + Plain("http://"), Path + Plain("http://") },
        { Path + "41", Path + "41" },
        { Path + "417f", Path + "417f" },
        { Path + "41ff80", Path + "41ff80" },
        { Path + "4181ff", Path + "4181ff" },
        { "ffffffffffff", "ffffffffffff" },
        { "", "" },
    };

    [Theory]
    [MemberData(nameof(Blocks))]
    public async Task Block_InPiecesOfAnySize_IsGivenOnWithoutTheScheme(string sent, string given)
    {
        byte[][] around = [[.. Preface, .. Settings], [.. Data, .. Settings]];
        byte[] all = [.. around[0], .. Request(1, sent), .. around[1], .. Request(3, ByIndex), .. Request(5, sent), .. Data];
        byte[] expected = [.. around[0], .. Request(1, given), .. around[1], .. Request(3, ByIndex), .. Request(5, given), .. Data];
        for (var size = 1; size <= all.Length; size++)
        {
            Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(await PassAsync(all, size, most: 7)));
            Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(await PassAsync(all, size, most: 10_000)));
        }
    }

    [Fact]
    public async Task Url_AfterAFirstRequestWithoutOne_IsGivenOnAsItIs()
    {
        byte[] all = [.. Preface, .. Request(1, OfHost), .. Request(3, OfHttpUrl)];
        Assert.Equal(all, await PassAsync(all, all.Length, most: 7));
    }

    [Fact]
    public async Task Frame_WithPaddingAndPriority_KeepsBoth()
    {
        byte[] before = [3, 0, 0, 0, 0, 16], after = [0, 0, 0];
        byte[] all = [.. Preface, .. Frame(Headers, 0x2d, 1, [.. before, .. Convert.FromHexString(OfHttpUrl), .. after])];
        byte[] expected =
        [
            .. Preface,
            .. Frame(Headers, 0x2d, 1, [.. before, .. Convert.FromHexString(Path + Plain("127.0.0.1:2379")), .. after]),
        ];
        Assert.Equal(expected, await PassAsync(all, all.Length, most: 10_000));
    }

    [Fact]
    public async Task Frame_ThatNeverEnds_IsGivenOnAtTheEnd()
    {
        byte[] all = [.. Preface, .. Settings, .. Request(1, OfHttpUrl)[..^1]];
        Assert.Equal(all, await PassAsync(all, all.Length, most: 7));
    }

    [Fact]
    public async Task Request_OfAUrl_IsAnsweredByTheMember()
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        using var connection = new TcpClient(host.BaseUrl.Host, host.BaseUrl.Port);
        var stream = connection.GetStream();
        await stream.WriteAsync((byte[])[.. Preface, .. Settings, .. Request(1, OfHttpUrl), .. Request(3, ByIndex)]);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var answered = new HashSet<int>();
        while (answered.Count < 2)
        {
            var head = new byte[9];
            await stream.ReadExactlyAsync(head, patience.Token);
            await stream.ReadExactlyAsync(new byte[(head[1] << 8) + head[2]], patience.Token);
            Assert.True(head[3] is not 3 and not 7, $"a frame of type {head[3]} for stream {head[8]}");
            if (head[3] == Headers)
            {
                answered.Add(head[8]);
            }
        }

        Assert.Equal([1, 3], answered.Order());
    }

    /// <summary>What comes out where the client's bytes arrive in pieces of one size, and each read takes so many at most.</summary>
    private static async Task<byte[]> PassAsync(byte[] bytes, int size, int most)
    {
        var pipe = new Pipe();
        var reader = new AuthorityReader(pipe.Reader);
        var passed = new List<byte>();
        foreach (var piece in bytes.Chunk(size))
        {
            await pipe.Writer.WriteAsync(piece);
            while (reader.TryRead(out var read))
            {
                Take(read, reader, passed, most);
            }
        }

        await pipe.Writer.CompleteAsync();
        while (true)
        {
            var read = await reader.ReadAsync();
            if (read.IsCompleted && read.Buffer.IsEmpty)
            {
                return [.. passed];
            }

            Take(read, reader, passed, most);
        }
    }

    private static void Take(ReadResult read, AuthorityReader reader, List<byte> passed, int most)
    {
        var taken = read.Buffer.Slice(0, Math.Min(most, read.Buffer.Length));
        passed.AddRange(taken.ToArray());
        reader.AdvanceTo(taken.End);
    }

    private static byte[] Request(byte stream, string block) =>
        Frame(Headers, EndOfStream | EndOfHeaders, stream, Convert.FromHexString(block));

    /// <summary>:authority, written out without Huffman's code.</summary>
    private static string Plain(string authority) => $"41{authority.Length:x2}{Convert.ToHexString(Encoding.ASCII.GetBytes(authority))}".ToLowerInvariant();

    private static byte[] Frame(byte type, byte flags, byte stream, byte[] body) =>
        [0, (byte)(body.Length >> 8), (byte)body.Length, type, flags, 0, 0, 0, stream, .. body];
}
