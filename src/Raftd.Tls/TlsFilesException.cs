namespace Raftd.Tls;

/// <summary>The files cannot be used. The message names the setting and the file, and nothing of what is in a key.</summary>
public sealed class TlsFilesException(string what, string toDo) : Exception(what)
{
    public string ToDo { get; } = toDo;
}
