namespace Raftd.Sql;

/// <summary>What is asked of the connection to a database.</summary>
public enum SqlEncryption
{
    /// <summary>Encrypted if the server can do it.</summary>
    Prefer,

    /// <summary>Never encrypted.</summary>
    Disable,

    /// <summary>Encrypted; whoever answers is believed to be the server.</summary>
    Require,

    /// <summary>Encrypted, and the server's certificate is of a known authority and names the host.</summary>
    VerifyFull,
}
