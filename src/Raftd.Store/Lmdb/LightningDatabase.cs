namespace Raftd.Store.Lmdb;

/// <summary>MDB_dbi: a named database, valid as long as its environment once the transaction that opened it committed.</summary>
internal readonly record struct LightningDatabase(uint Handle);
