// Who asks. Every call of the contract carries its caller, from the face that took the request to the entry in the log:
//
//   the face        makes it of what the client proves; without users every client is Nobody
//   the contract    passes it on, as the first argument of each call
//   the guard       decides before anything is read or proposed (Raftd.State, Rights)
//   a command       carries it into the log, where apply decides once more: rights may have changed on the way
//
// System is the member itself: the entries that it proposes of its own accord. No face makes it and no peer is believed
// it, so it never comes from a wire.

using System.Text;

namespace Raftd.Contract;

/// <summary>What kind of caller it is. The numbers are part of commands and never change.</summary>
public enum CallerKind : byte
{
    /// <summary>A client that has not said who it is.</summary>
    Nobody = 0,

    /// <summary>A user by its name.</summary>
    User = 1,

    /// <summary>The member itself.</summary>
    System = 2,
}

/// <summary>Who asks, in every call and in every command.</summary>
public sealed record Caller
{
    private Caller(CallerKind kind, string name)
    {
        Kind = kind;
        Name = name;
    }

    public static Caller Nobody { get; } = new(CallerKind.Nobody, "");

    /// <summary>Only the member itself may be it: its name is banned where clients' requests are taken.</summary>
    public static Caller System { get; } = new(CallerKind.System, "");

    public CallerKind Kind { get; }

    /// <summary>A user's; empty for the others.</summary>
    public string Name { get; }

    /// <param name="name">1 to <see cref="Bounds.MaxUserNameBytes"/> bytes of UTF-8.</param>
    /// <exception cref="ArgumentException">The name is none.</exception>
    public static Caller User(string name) => IsUserName(name)
        ? new Caller(CallerKind.User, name)
        : throw new ArgumentException($"a user's name has 1 to {Bounds.MaxUserNameBytes} bytes", nameof(name));

    public static bool IsUserName(string name) =>
        name.Length > 0 && Encoding.UTF8.GetByteCount(name) <= Bounds.MaxUserNameBytes;

    /// <summary>For logs and errors.</summary>
    public override string ToString() => Kind == CallerKind.User ? $"user {Name}" : Kind == CallerKind.System ? "the system" : "nobody";
}
