namespace Raftd.Mutations.Table;

/// <summary>The settings of a front, and its stop.</summary>
internal static class StoreMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "store-password-on-the-command-line",
            Failures = [],
            Wrong = "a password in the URL is taken from the command line, where ps shows it",
            In = "StoreSettings.Read",
            Original = "target.HasPassword && url.Origin == SettingSources.FromFlag",
            Broken = "false",
            Suites = [Suite.Cli],
        },
        new()
        {
            Name = "store-password-printed",
            Failures = [],
            Wrong = "-print-config shows the password of a URL",
            In = "StoreSettings.WithoutPassword",
            Original = "!target.HasPassword",
            Broken = "true",
            Suites = [Suite.Cli],
        },
        new()
        {
            Name = "store-password-split",
            Failures = [],
            Wrong = "a part of a password with an @ and a slash is taken for the database, and told",
            In = "SqlTargetParser.Read",
            Original = "path?.Contains('@') == true",
            Broken = "false",
            Suites = [Suite.Cli],
        },
        new()
        {
            Name = "store-beside-a-directory",
            Failures = [],
            Wrong = "a front takes a data directory and flags of members, and does nothing with them",
            In = "StoreSettings.OfMembersAlone",
            Original = "Flags.OfMembersAlone",
            Broken = "Flags.OfMembersAlone.Take(0)",
            Suites = [Suite.Cli],
        },
        new()
        {
            Name = "front-hands-over-to-none",
            Failures = [],
            Wrong = "a front that gives signs of life is not seen as one that may lead: the next leader comes only when this one is missed",
            In = "UpkeepLoop.LookAt",
            Original = "_signs[id].RisesSince is not null",
            Broken = "_signs[id].RisesSince is null",
            Suites = [Suite.Sql],
        },
    ];
}
