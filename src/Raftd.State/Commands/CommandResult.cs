// What apply answers. A result stands in the file of its command; here are those that several commands share.
//
// The hash chain covers each result, so a result holds codes and numbers and no text: if one build corrected a text, its
// members would seem to differ from those of another build. Reads are no entries, and so their answers are in no hash.

using Raftd.Contract;
using Raftd.State.Wire;

namespace Raftd.State.Commands;

/// <summary>What apply answers: the same on every member, byte for byte.</summary>
/// <param name="Revision">The store's revision after the command.</param>
public abstract record CommandResult(long Revision)
{
    internal abstract ResultTag Tag { get; }

    /// <summary>About as many bytes as it takes encoded.</summary>
    internal virtual int SizeHint => 64;

    /// <summary>The feature level that brought it.</summary>
    internal virtual int NeededLevel => FeatureLevel.First;

    /// <summary>Everything behind the revision.</summary>
    internal abstract void WriteBody(WireWriter writer);

    /// <summary>What of the body joins the hash chain: all of it, but for what was only read.</summary>
    internal virtual void WriteHashed(WireWriter writer) => WriteBody(writer);
}

/// <summary>The command was refused and has changed nothing. Encoded: error (1 byte), subject, bound.</summary>
/// <param name="Revision">The store's.</param>
/// <param name="Error">Why.</param>
/// <param name="Subject">What it is about, as ApplyError says.</param>
/// <param name="Bound">What it was held against, as ApplyError says.</param>
public sealed record ErrorResult(long Revision, ApplyError Error, long Subject = 0, long Bound = 0) : CommandResult(Revision)
{
    public ErrorCode Code => Error switch
    {
        ApplyError.LeaseExists or ApplyError.NameTaken or ApplyError.LeaseFull => ErrorCode.Conflict,
        ApplyError.LeaseNotFound or ApplyError.KeyNotFound => ErrorCode.NotFound,
        ApplyError.NothingToKeep => ErrorCode.KeyNotFound,
        ApplyError.EmptyKey => ErrorCode.EmptyKey,
        ApplyError.NoSpace => ErrorCode.NoSpace,
        ApplyError.Compacted => ErrorCode.Compacted,
        ApplyError.FutureRevision => ErrorCode.FutureRevision,
        ApplyError.TooLarge or ApplyError.AnswerTooLarge => ErrorCode.TooLarge,
        ApplyError.UserUnknown => ErrorCode.Unauthenticated,
        _ => ErrorCode.BadRequest,
    };

    internal override ResultTag Tag => ResultTag.Error;

    public StoreException ToException() => new(Code, ErrorText.Of(this), ErrorText.HintOf(this));

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte((byte)Error);
        writer.Number(Subject);
        writer.Number(Bound);
    }

    internal static ErrorResult Read(ref WireReader reader, long revision)
    {
        var error = (ApplyError)reader.Byte();
        if (!Enum.IsDefined(error))
        {
            reader.Refuse();
        }

        return new ErrorResult(revision, error, reader.Number(), reader.Number());
    }
}

/// <summary>Done, and there is nothing more to say: alarms, empty entries, configurations, checkpoints.</summary>
public sealed record DoneResult(long Revision) : CommandResult(Revision)
{
    internal override ResultTag Tag => ResultTag.Done;

    internal override void WriteBody(WireWriter writer)
    {
    }
}
