// raftd: the executable. Its commands, in the order of `raftd help`.

using Raftd.Cli;
using Raftd.Cli.Moving;

var line = CommandLine.Parse(args);

return (int)(line.Verb switch
{
    Verb.Serve => await ServeCommand.RunAsync(line, Console.Out, Console.Error),
    Verb.Cert => CertCommand.Run(line.Certificates!, TimeProvider.System, Console.Out, Console.Error),
    Verb.CertHelp => CertCommand.Help(Console.Out),
    Verb.Snapshot => await SnapshotCommand.RunAsync(line.Snapshot!, Console.Out, Console.Error),
    Verb.SnapshotHelp => SnapshotCommand.Help(Console.Out),
    Verb.Member => await MemberCommand.RunAsync(line.Members!, Console.Out, Console.Error),
    Verb.MemberHelp => MemberCommand.Help(Console.Out),
    Verb.Bucket => await BucketCommand.RunAsync(line.Buckets!, Console.Out, Console.Error),
    Verb.BucketHelp => BucketCommand.Help(Console.Out),
    Verb.Recover => RecoverCommand.Run(line.Recovery!, Console.Out, Console.Error),
    Verb.RecoverHelp => RecoverCommand.Help(Console.Out),
    Verb.Export => await ExportCommand.RunAsync(line.Export!, Console.OpenStandardOutput(), Console.Error),
    Verb.ExportHelp => ExportCommand.Help(Console.Out),
    Verb.Import => await ImportCommand.RunAsync(line.Import!, Console.OpenStandardInput(), Console.Error),
    Verb.ImportHelp => ImportCommand.Help(Console.Out),
    Verb.StoreSchema => StoreCommand.Schema(line.Schema!.Value, Console.Out),
    Verb.StoreHelp => StoreCommand.Help(Console.Out),
    Verb.Version => VersionCommand.Run(Console.Out),
    Verb.Help => HelpCommand.Run(Console.Out),
    _ => ProcessEnd.Report(Console.Error, line.Error!),
});
