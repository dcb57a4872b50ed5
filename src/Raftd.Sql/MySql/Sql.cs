namespace Raftd.Sql.MySql;

/// <summary>A part of a statement that stands in it as it is. All else that is put into one is a number or bytes.</summary>
internal readonly record struct Sql(string Text);
