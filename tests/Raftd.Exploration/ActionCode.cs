using Raftd.Exploration.Members;

namespace Raftd.Exploration;

/// <summary>A member and its input, in 32 bits.</summary>
internal static class ActionCode
{
    private const int MemberBits = 2;

    public static int Of(int member, MemberInput input) => (input.Code << MemberBits) | member;

    public static (int Member, MemberInput Input) Read(int code) =>
        (code & ((1 << MemberBits) - 1), MemberInput.FromCode(code >> MemberBits));
}
