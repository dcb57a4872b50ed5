namespace Raftd.Sql;

/// <summary>A front cannot serve this database: the message says what is wrong about it, and what mends it.</summary>
public sealed class FrontRefusedException(string message, Exception? inner = null) : Exception(message, inner);
