using System.Text;
using Raftd.Sql.Fronts;
using Raftd.Sql.Tests.Memory;
using Raftd.State.Leases;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Simulation.Fronts.Checkers;

/// <summary>What fronts have put together from rows, against what stands in the tables.</summary>
internal static class StateComparison
{
    /// <summary>A front at the last row knows what one knows that was just started.</summary>
    public static void Verify(string front, FrontState state, MemoryDatabase database)
    {
        var last = database.Tables.Last;
        if (state.Last.Seq != last.Seq || state.Last.Chain != last.Chain)
        {
            return;
        }

        var loaded = FrontLoader.Load(database);
        var (own, fresh) = (Describe(state), Describe(loaded));
        Require(own == fresh, $"{front} at row {last.Seq} knows {own}, the tables say {fresh}");
    }

    /// <summary>The counts of the last row are those of the tables.</summary>
    public static void Verify(Tables tables)
    {
        var live = tables.Keys.Values.Sum(static row => (long)row.LogicalBytes) + tables.Leases.Values.Sum(static lease => (long)lease.LogicalBytes)
            + tables.LeaseKeys.Values.Sum(static record => record.IsStored ? (long)LeaseKeyRecord.StoredBytes : 0);
        var counted = tables.Last.LogicalBytes - tables.Last.HistoryBytes;
        Require(counted == live, $"row {tables.Last.Seq} counts {counted} live bytes, there are {live}");
    }

    private static string Describe(FrontState state)
    {
        var text = new StringBuilder();
        foreach (var lease in state.Leases.From(long.MinValue))
        {
            text.Append($"{lease with { Name = [] }} {lease.NameText}: ");
            foreach (var (key, record) in state.Leases.KeysOf(lease.Id, []))
            {
                text.Append($"{Encoding.UTF8.GetString(key)} {record}, ");
            }
        }

        text.AppendJoin(' ', state.Leases.Named([]).Select(static lease => lease.Id));
        text.AppendJoin(' ', state.Alarms.Select(static alarm => alarm.ToString()));
        return text.ToString();
    }
}
