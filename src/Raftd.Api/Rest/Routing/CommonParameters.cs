namespace Raftd.Api.Rest.Routing;

internal static class CommonParameters
{
    public static readonly ApiParameter Redirect = new(
        ParameterPlace.Query, "redirect", "1: a member that does not lead answers 307 to the leader; 0: it forwards");

    public static readonly ApiParameter Key64 = new(
        ParameterPlace.Query, "key64", "the key as base64url, for bytes that no path can carry; the path ends at the slash");

    public static readonly ApiParameter Level = new(
        ParameterPlace.Query, "level", "default or consistent (linearizable), or stale (this member's state)");
}
