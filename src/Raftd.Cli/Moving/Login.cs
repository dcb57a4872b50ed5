namespace Raftd.Cli.Moving;

/// <summary>A user of the server. The password is in no log and no error.</summary>
internal sealed record Login(string User, string Password)
{
    public override string ToString() => User;
}
