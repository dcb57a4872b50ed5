namespace Raftd.Raft;

/// <summary>The votes of one (pre-)election.</summary>
/// <remarks>
/// The naive count adds up grants. But a voter that lost the tail of its log may grant a vote to a candidate that lacks
/// an entry which this voter had helped to commit, or vote a second time in a term. So the grant of a recovering voter
/// counts for nothing by itself, and an election is won in one of two ways:
/// 1. A majority of all voters granted, none of them recovering. It shares a voter with every majority that committed an
///    entry, and that voter still has what it acknowledged.
/// 2. All voters granted. Then the winner's log is at least as up to date as every log, so an entry survives as long
///    as one voter of its majority still has it. Without this rule a power cut that tears all tails would stop the
///    cluster for ever.
/// </remarks>
internal sealed class VoteTally
{
    private readonly record struct Ballot(NodeId Voter, bool Granted, bool Recovering, ulong Nonce);

    private readonly List<Ballot> _ballots = [];

    public void Reset() => _ballots.Clear();

    /// <summary>Counts a voter once: the first answer stands, a duplicate changes nothing.</summary>
    public void Record(NodeId voter, bool granted, bool recovering, ulong nonce)
    {
        foreach (var ballot in _ballots)
        {
            if (ballot.Voter == voter)
            {
                return;
            }
        }

        _ballots.Add(new Ballot(voter, granted, recovering, nonce));
    }

    /// <summary>The starts of the recovering voters that granted.</summary>
    public HashSet<ulong> RecoveringNonces() =>
        [.. _ballots.Where(ballot => ballot.Granted && ballot.Recovering).Select(ballot => ballot.Nonce)];

    /// <param name="configuration">Who votes.</param>
    /// <param name="isCandidateRecovering">
    /// Such a candidate leads only if all agree: a leader counts its own log for commits, so it must be whole by then.
    /// </param>
    public VoteResult Result(Configuration configuration, bool isCandidateRecovering)
    {
        var voters = configuration.Voters.Length;
        var sound = 0;
        var recovering = 0;
        var refused = 0;
        foreach (var ballot in _ballots)
        {
            if (!configuration.IsVoter(ballot.Voter))
            {
                continue;
            }

            sound += ballot.Granted && !ballot.Recovering ? 1 : 0;
            recovering += ballot.Granted && ballot.Recovering ? 1 : 0;
            refused += ballot.Granted ? 0 : 1;
        }

        if (!isCandidateRecovering && voters > 0 && sound >= Quorum.Of(voters))
        {
            return VoteResult.Won;
        }

        if (voters > 0 && sound + recovering == voters)
        {
            return VoteResult.WonUnanimously;
        }

        // With no refusal unanimity is still possible, so the election is not lost however few voters are sound. One refusal
        // rules unanimity out; then only a sound majority is left.
        var missing = voters - sound - recovering - refused;
        var canHaveMajority = !isCandidateRecovering && sound + missing >= Quorum.Of(voters);
        return refused > 0 && !canHaveMajority ? VoteResult.Lost : VoteResult.Pending;
    }
}
