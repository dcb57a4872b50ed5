namespace Raftd.Cluster.Tests.Support;

/// <summary>A command that has ended.</summary>
internal sealed record ShellResult(int Code, byte[] Bytes, string Error)
{
    public string Output => System.Text.Encoding.UTF8.GetString(Bytes);

    public override string ToString() => $"exit code {Code}\n{Output}\n{Error}";
}
