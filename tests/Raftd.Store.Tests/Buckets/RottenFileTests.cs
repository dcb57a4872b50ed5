using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Raftd.Contract;
using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Testing;
using Raftd.Testing.Disks;
using Raftd.Testing.Processes;

namespace Raftd.Store.Tests.Buckets;

/// <summary>Bits that rot anywhere in data.mdb, LMDB's own structure included: no reader is ever told something wrong. LMDB may end
/// the process where it believes a damaged page, so all reading is done by another one.</summary>
public sealed class RottenFileTests : IDisposable
{
    private const string Variable = "RAFTD_STORE_TESTS_ROTTEN";
    private const int Flips = 1500;
    private const int Keys = 40;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    [Trait("Speed", "Slow")]
    public void AnyBitOfTheFile_Flipped_NothingElseIsRead()
    {
        var data = _directory.At("data");
        Fill(data);
        var sound = Read(data);
        Assert.Contains("v39", sound, StringComparison.Ordinal);

        const int seed = 39;
        var random = new Random(seed);
        var file = File.ReadAllBytes(FileOf(data));
        var bits = 8L * file.Length;
        var waiting = new Queue<long>(Enumerable.Range(0, Flips).Select(_ => random.NextInt64(bits)));
        var (noticed, harmless, died) = (0, 0, 0);
        while (waiting.Count > 0)
        {
            using var reader = StartReader(data);
            while (waiting.TryPeek(out var bit))
            {
                reader.StandardInput.WriteLine(bit.ToString(CultureInfo.InvariantCulture));
                var verdict = reader.StandardOutput.ReadLine();
                waiting.Dequeue();
                if (verdict is null)
                {
                    died++;
                    File.WriteAllBytes(FileOf(data), file);
                    break;
                }

                Assert.True(verdict is "noticed" or "the same", $"seed {seed}, bit {bit}: {verdict}");
                (noticed, harmless) = verdict == "noticed" ? (noticed + 1, harmless) : (noticed, harmless + 1);
            }

            reader.StandardInput.Close();
            reader.WaitForExit();
        }

        Assert.True(noticed > 50, $"only {noticed} of {Flips} noticed");
        TestContext.Current.TestOutputHelper!.WriteLine($"{Flips} bits: {noticed} noticed, {harmless} in nothing that is read, {died} ended the process");
        Assert.Equal(sound, Read(data));
    }

    [ModuleInitializer]
    internal static void RunIfChild()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { } data)
        {
            AnswerAll(data);
            Environment.Exit(0);
        }
    }

    /// <summary>Of each bit that is asked for: flipped, what does a start with it read? Each start has the file as it was: an open
    /// writes to it.</summary>
    private static void AnswerAll(string data)
    {
        var file = File.ReadAllBytes(FileOf(data));
        var sound = Read(data);
        while (Console.ReadLine() is { } line)
        {
            var bit = long.Parse(line, CultureInfo.InvariantCulture);
            var rotten = file.ToArray();
            rotten[bit / 8] ^= (byte)(1 << (int)(bit % 8));
            File.WriteAllBytes(FileOf(data), rotten);
            var read = Read(data);
            File.WriteAllBytes(FileOf(data), file);
            Console.WriteLine(read == sound ? "the same" : read == "" ? "noticed" : $"something else: {read.Length} characters");
        }
    }

    private static Process StartReader(string data) => Process.Start(
        new ProcessStartInfo(Subprocess.ThisProgram)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [Variable] = data },
        })!;

    private static void Fill(string data)
    {
        using var directory = StateDirectory.Open(data);
        using var state = StateMachine.Open(directory, new StoreOptions());
        for (var number = 0; number < Keys; number++)
        {
            var value = $"v{number}".PadRight(number % 4 == 0 ? 6000 : 300, '.');
            var put = new PutRequest { Key = Encoding.UTF8.GetBytes($"k{number}"), Value = Encoding.UTF8.GetBytes(value) };
            state.Apply((ulong)number + 1, 1, By.Nobody.Put(put));
        }

        state.Publish();
        Assert.True(state.TryFreeze(out var frozen));
        state.Flush(frozen);
    }

    private static string FileOf(string data) => Path.Combine(data, "state", "data.mdb");

    /// <returns>All keys and values; empty where the damage was noticed.</returns>
    private static string Read(string data)
    {
        try
        {
            using var directory = StateDirectory.Open(data);
            using var state = StateMachine.Open(directory, new StoreOptions());
            var all = state.Range(new RangeRequest { Key = new byte[1], RangeEnd = new byte[1] });
            return string.Join('\n', all.Items.Select(item => $"{item.ModRevision} {Encoding.UTF8.GetString(item.Key.Span)} {Encoding.UTF8.GetString(item.Value.Span)}"));
        }
        catch (Exception noticed) when (noticed is BucketStoreException or StoreException)
        {
            return "";
        }
    }
}
