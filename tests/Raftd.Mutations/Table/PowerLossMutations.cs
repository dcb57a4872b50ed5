namespace Raftd.Mutations.Table;

/// <summary>Syncs of a whole member, and the order of what is durable in log, state and member.json: each is seen only where
/// the power fails.</summary>
internal static class PowerLossMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "log-directory-not-synced",
            Failures = [29],
            Wrong = "the log's directory is made and its name is not made durable",
            In = "WriteAheadLog.CreateDirectory",
            Original = "files.SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(directory)) ?? directory);",
            Broken = "",
            Suites = [Suite.PowerLoss],
        },
        new()
        {
            Name = "deletion-not-synced",
            Failures = [29],
            Wrong = "of two segments that are let go of the older one may come back, and the log has a hole",
            In = "WriteAheadLog.DeleteOldest",
            Original = "Failpoint.Hit(\"log.deleted\"); «_files.SyncDirectory();»",
            Broken = "",
            Suites = [Suite.PowerLoss],
        },
        new()
        {
            Name = "founding-not-synced",
            Failures = [2],
            Wrong = "a founder says that it started before its first entries are durable",
            In = "RaftdMember.Found",
            Original = "wal.Sync();",
            Broken = "wal.Write();",
            Suites = [Suite.PowerLoss],
        },
        new()
        {
            Name = "reset-before-install",
            Failures = [21, 36],
            Wrong = "the log starts anew behind a snapshot that is not yet installed",
            In = "LogWriter.TryReset",
            Original = "«!install.IsInstalled» || !Commit()",
            Broken = "false",
            Suites = [Suite.PowerLoss],
        },
        new()
        {
            Name = "identity-not-synced",
            Failures = [29],
            Wrong = "member.json gets its name before its content is durable (dotnet/runtime #32600)",
            In = "IdentityFile.Save",
            Original = "file.Write(0, bytes); «file.Sync();»",
            Broken = "",
            Suites = [Suite.PowerLoss],
        },
        new()
        {
            Name = "identity-renamed-without-sync",
            Failures = [29],
            Wrong = "the new member.json is not made durable before the cluster is told what it says",
            In = "IdentityFile.Save",
            Original = "files.SyncDirectory(directory);",
            Broken = "",
            Suites = [Suite.PowerLoss],
        },
        new()
        {
            Name = "data-directory-not-synced",
            Failures = [29],
            Wrong = "the data directory is made and its name is not made durable",
            In = "DataDirectory.CreateWithParents",
            Original = "files.SyncDirectory(parent);",
            Broken = "",
            Suites = [Suite.PowerLoss],
        },
        new()
        {
            Name = "installed-state-not-synced",
            Failures = [29, 36],
            Wrong = "the log starts anew before the name of the state it follows is durable (hashicorp/consul #3362)",
            In = "StateDirectory.Switch",
            Original = "«FileSystem.Sync(_statePath); FileSystem.Sync(_installingPath);» _onStep(StateInstallStep.DirectorySynced);",
            Broken = "",
            Suites = [Suite.PowerLoss],
        },
        new()
        {
            Name = "meta-page-not-synced",
            Failures = [38],
            Wrong = "a commit of LMDB is taken for durable before its meta page is (MDB_NOMETASYNC)",
            In = "LightningEnvironment.Open",
            Original = "var flags = «LmdbNative.NoTls» |",
            Broken = "(0x40000u | LmdbNative.NoTls)",
            Suites = [Suite.Store, Suite.PowerLoss],
        },
        new()
        {
            Name = "pages-not-synced",
            Failures = [38],
            Wrong = "a commit of LMDB is taken for durable and nothing of it is synced (MDB_NOSYNC)",
            In = "LightningEnvironment.Open",
            Original = "var flags = «LmdbNative.NoTls» |",
            Broken = "(0x10000u | LmdbNative.NoTls)",
            Suites = [Suite.Store, Suite.PowerLoss],
        },
    ];
}
