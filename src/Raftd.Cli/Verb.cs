namespace Raftd.Cli;

/// <summary>The command that the first word of the command line names; any other first word means serve.</summary>
internal enum Verb
{
    /// <summary>The line could not be read; <see cref="CommandLine.Error"/> says why.</summary>
    None,
    Serve,
    Cert,
    CertHelp,
    Snapshot,
    SnapshotHelp,
    Member,
    MemberHelp,
    Bucket,
    BucketHelp,
    Recover,
    RecoverHelp,
    Export,
    ExportHelp,
    Import,
    ImportHelp,
    StoreSchema,
    StoreHelp,
    Version,
    Help,
}
