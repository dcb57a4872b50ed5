namespace Raftd.Exploration.Worlds;

/// <summary>What of a scope's limits is used up, four bits each, and above them what each read must see, four bits each.</summary>
internal readonly record struct Usage(ulong Bits)
{
    private const int Width = 4;
    private const int Mask = (1 << Width) - 1;
    private const int FirstFloorBit = 40;

    public int Of(Resource resource) => (int)(Bits >> (Width * (int)resource)) & Mask;

    public Usage Add(Resource resource) => new(Bits + (1UL << (Width * (int)resource)));

    /// <summary>What was committed when the read with this context, from 1, began.</summary>
    public ulong FloorOf(ulong context) => (Bits >> FloorBit(context)) & Mask;

    public Usage WithFloor(ulong context, ulong committed) => new(Bits | (committed << FloorBit(context)));

    private static int FloorBit(ulong context) => FirstFloorBit + (Width * ((int)context - 1));
}
