namespace Raftd.Mutations.Table;

/// <summary>Syncs of a whole member, and the order of what is durable in log, state and member.json: each is seen only where
/// the power fails.</summary>
internal static class PowerLossMutations
{
    private const string Open = "src/Raftd.Wal/Log/WriteAheadLog.Open.cs";
    private const string Delete = "src/Raftd.Wal/Log/WriteAheadLog.Delete.cs";
    private const string Member = "src/Raftd.Node/RaftdMember.cs";
    private const string Writer = "src/Raftd.Node/Replication/LogWriter.cs";
    private const string Identity = "src/Raftd.Node/Membership/IdentityFile.cs";
    private const string Data = "src/Raftd.Node/DataDirectory.cs";
    private const string State = "src/Raftd.Store/Buckets/StateDirectory.cs";
    private const string Lmdb = "src/Raftd.Store/Lmdb/LightningEnvironment.cs";

    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "log-directory-not-synced",
            Failures = [29],
            Wrong = "the log's directory is made and its name is not made durable",
            File = Open,
            Original = "files.SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(directory)) ?? directory);",
            Broken = "",
            Suites = [Suite.PowerLoss],
        },
        new()
        {
            Name = "deletion-not-synced",
            Failures = [29],
            Wrong = "of two segments that are let go of the older one may come back, and the log has a hole",
            File = Delete,
            Original = "Failpoint.Hit(\"log.deleted\"); «_files.SyncDirectory();»",
            Broken = "",
            Suites = [Suite.PowerLoss],
        },
        new()
        {
            Name = "founding-not-synced",
            Failures = [2],
            Wrong = "a founder says that it started before its first entries are durable",
            File = Member,
            Original = "wal.Sync();",
            Broken = "wal.Write();",
            Suites = [Suite.PowerLoss],
        },
        new()
        {
            Name = "reset-before-install",
            Failures = [21, 36],
            Wrong = "the log starts anew behind a snapshot that is not yet installed",
            File = Writer,
            Original = "«!install.IsInstalled» || !Commit()",
            Broken = "false",
            Suites = [Suite.PowerLoss],
        },
        new()
        {
            Name = "identity-not-synced",
            Failures = [29],
            Wrong = "member.json gets its name before its content is durable (dotnet/runtime #32600)",
            File = Identity,
            Original = "file.Write(0, bytes); «file.Sync();»",
            Broken = "",
            Suites = [Suite.PowerLoss],
        },
        new()
        {
            Name = "identity-renamed-without-sync",
            Failures = [29],
            Wrong = "the new member.json is not made durable before the cluster is told what it says",
            File = Identity,
            Original = "files.SyncDirectory(directory);",
            Broken = "",
            Suites = [Suite.PowerLoss],
        },
        new()
        {
            Name = "data-directory-not-synced",
            Failures = [29],
            Wrong = "the data directory is made and its name is not made durable",
            File = Data,
            Original = "files.SyncDirectory(parent);",
            Broken = "",
            Suites = [Suite.PowerLoss],
        },
        new()
        {
            Name = "installed-state-not-synced",
            Failures = [29, 36],
            Wrong = "the log starts anew before the name of the state it follows is durable (hashicorp/consul #3362)",
            File = State,
            Original = "«FileSystem.Sync(_statePath); FileSystem.Sync(_installingPath);» _onStep(StateInstallStep.DirectorySynced);",
            Broken = "",
            Suites = [Suite.PowerLoss],
        },
        new()
        {
            Name = "meta-page-not-synced",
            Failures = [38],
            Wrong = "a commit of LMDB is taken for durable before its meta page is (MDB_NOMETASYNC)",
            File = Lmdb,
            Original = "«LmdbNative.NoTls» |",
            Broken = "(0x40000u | LmdbNative.NoTls)",
            Suites = [Suite.Store, Suite.PowerLoss],
        },
        new()
        {
            Name = "pages-not-synced",
            Failures = [38],
            Wrong = "a commit of LMDB is taken for durable and nothing of it is synced (MDB_NOSYNC)",
            File = Lmdb,
            Original = "«LmdbNative.NoTls» |",
            Broken = "(0x10000u | LmdbNative.NoTls)",
            Suites = [Suite.Store, Suite.PowerLoss],
        },
    ];
}
