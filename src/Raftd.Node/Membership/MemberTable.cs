// The member table travels inside each configuration entry (Configuration.Context), so that addresses and votes change
// in one step and roll back together. It is JSON: a few hundred bytes, written once a membership change, and readable in
// a log that has to be repaired by hand.

using System.Collections.Immutable;
using System.Text.Json;
using Raftd.Contract;

namespace Raftd.Node.Membership;

/// <summary>The members of one configuration, ordered by id. Immutable.</summary>
internal sealed class MemberTable
{
    public static readonly MemberTable Empty = new([]);

    private MemberTable(ImmutableArray<MemberInfo> members) => Members = members;

    public ImmutableArray<MemberInfo> Members { get; }

    public static MemberTable Of(IEnumerable<MemberInfo> members) =>
        new([.. members.OrderBy(member => member.Id)]);

    public static MemberTable Decode(ReadOnlySpan<byte> context) =>
        context.IsEmpty
            ? Empty
            : Of(JsonSerializer.Deserialize(context, MembershipJson.Default.MemberInfoArray) ?? []);

    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes([.. Members], MembershipJson.Default.MemberInfoArray);

    public MemberInfo? Find(ulong id) => Members.FirstOrDefault(member => member.Id == id);

    public MemberInfo? FindLabel(string label) => Members.FirstOrDefault(member => member.Label == label);

    /// <summary>The table with this member added, or put in the place of the one with its id.</summary>
    public MemberTable With(MemberInfo member) => Of(Members.Where(other => other.Id != member.Id).Append(member));

    /// <summary>This table and the members that only the other one has.</summary>
    public MemberTable WithThoseOnlyIn(MemberTable other) =>
        Of(Members.Concat(other.Members.Where(member => Find(member.Id) is null)));

    public MemberTable Without(ulong id) => Of(Members.Where(member => member.Id != id));

    /// <summary>The smallest generator number that no member has, or -1 when all 1 024 are taken.</summary>
    public int FreeGenerator()
    {
        for (var number = Bounds.Generator.Least; number <= Bounds.Generator.Most; number++)
        {
            if (Members.All(member => member.Generator != number))
            {
                return number;
            }
        }

        return -1;
    }

    /// <param name="asked">Null for any that is free.</param>
    /// <exception cref="StoreException">BadRequest, or Conflict: it is taken, or all are.</exception>
    public int ChooseGenerator(int? asked)
    {
        if (asked is { } given && !Bounds.Generator.Holds(given))
        {
            throw new StoreException(
                ErrorCode.BadRequest, $"generator number {asked} is not within {Bounds.Generator.Least} and {Bounds.Generator.Most}");
        }

        var number = asked ?? FreeGenerator();
        if (number < 0 || Members.Any(member => member.Generator == number))
        {
            throw new StoreException(
                ErrorCode.Conflict,
                asked is null ? $"all {Bounds.Generator.Most + 1} generator numbers are taken" : $"generator number {asked} belongs to another member",
                "leave -bind out and the cluster chooses");
        }

        return number;
    }
}
