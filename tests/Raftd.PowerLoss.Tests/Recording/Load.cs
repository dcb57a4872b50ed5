using Raftd.Contract;

namespace Raftd.PowerLoss.Tests.Recording;

/// <summary>Writers that put and delete, each on keys of its own, one write at a time.</summary>
/// <param name="service">Where they write.</param>
/// <param name="notes">Where they say so.</param>
/// <param name="life">Number of this process: its writes have numbers that no other process gives.</param>
internal sealed class Load(IKeyValueService service, Notes notes, int life)
{
    private const int Writers = 3;
    private const int KeysEach = 12;
    private const long WritesPerLife = 1_000_000;
    private const long LongTtlSeconds = 100_000;

    private long _sequence = life * WritesPerLife;

    public async Task RunAsync(int writesEach) =>
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(writer, writesEach))));

    private async Task WriteAsync(int writer, int writes)
    {
        var random = new Random((life * Writers) + writer);
        var existing = new HashSet<int>();
        for (var i = 0; i < writes; i++)
        {
            var key = (writer * KeysEach) + random.Next(KeysEach);
            var sequence = Interlocked.Increment(ref _sequence);
            if (existing.Contains(key) && random.Next(8) == 0)
            {
                await DeleteAsync(key, sequence);
                existing.Remove(key);
            }
            else
            {
                await PutAsync(key, sequence, random.Next(8) == 0 ? LongTtlSeconds : 0);
                existing.Add(key);
            }
        }
    }

    private async Task PutAsync(int key, long sequence, long ttlSeconds)
    {
        notes.Add(new Note(NoteKind.Put, key, sequence));
        var response = await service.PutAsync(
            Caller.Nobody,
            new PutRequest { Key = Values.KeyOf(key), Value = Values.Of(key, sequence), TtlSeconds = ttlSeconds },
            CancellationToken.None);
        notes.Add(new Note(NoteKind.Acknowledged, key, sequence, response.Revision));
    }

    private async Task DeleteAsync(int key, long sequence)
    {
        notes.Add(new Note(NoteKind.Delete, key, sequence));
        var response = await service.DeleteRangeAsync(
            Caller.Nobody, new DeleteRangeRequest { Key = Values.KeyOf(key) }, CancellationToken.None);
        notes.Add(new Note(NoteKind.Acknowledged, key, sequence, response.Revision));
    }
}
