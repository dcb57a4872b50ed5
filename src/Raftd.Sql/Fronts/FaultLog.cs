using Microsoft.Extensions.Logging;
using Raftd.Sql.Database;

namespace Raftd.Sql.Fronts;

/// <summary>Says that the database fails, and that it answers again. Attempts come twenty times a second: the same fault is one line in
/// half a minute, another one a line a second. One thread.</summary>
internal sealed class FaultLog(ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan PauseOfTheSame = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private (DatabaseFault Fault, string Reason)? _said;
    private long _saidAt;

    public void Note(DatabaseException failure)
    {
        var fault = (failure.Fault, failure.Message);
        if (_said is not null && time.GetElapsedTime(_saidAt) < (_said == fault ? PauseOfTheSame : Pause))
        {
            return;
        }

        (_said, _saidAt) = (fault, time.GetTimestamp());
        SqlLog.DatabaseFailed(logger, failure.Fault, failure.Message);
    }

    /// <summary>The database has done what it was asked for.</summary>
    public void NoteSuccess()
    {
        if (_said is not null)
        {
            _said = null;
            SqlLog.DatabaseAnswers(logger);
        }
    }
}
