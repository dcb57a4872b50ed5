using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Raftd.Store.Buckets;

namespace Raftd.Store.Lmdb;

/// <summary>LMDB's answers that a caller may act on; the numbers are those of lmdb.h and errno.h.</summary>
public enum LmdbErrorKind
{
    /// <summary>Any other code; Code and the text say which.</summary>
    Other = 0,

    /// <summary>A page that is pointed to is not there: the file is corrupt.</summary>
    PageNotFound = -30797,

    Corrupted = -30796,

    VersionMismatch = -30794,

    /// <summary>Not an LMDB file.</summary>
    Invalid = -30793,

    /// <summary>The map is used up; the disk may have room.</summary>
    MapFull = -30792,

    ReadersFull = -30790,

    /// <summary>One transaction changed too many pages.</summary>
    TransactionFull = -30788,

    /// <summary>An earlier call failed and the transaction can only be aborted.</summary>
    BadTransaction = -30782,

    /// <summary>A key of 0 or more than 511 bytes.</summary>
    BadValueSize = -30781,

    /// <summary>EIO.</summary>
    Io = 5,

    /// <summary>ENOSPC: the disk itself.</summary>
    DiskFull = 28,

    /// <summary>EDQUOT: the disk as far as this user may use it.</summary>
    QuotaExceeded = 122,
}

/// <summary>LMDB said no; the message has its own text for the code.</summary>
public sealed class LmdbException : BucketStoreException
{
    public LmdbException(string operation, int code)
        : base(FaultOf(KindOf(code)), $"{operation}: {TextOf(code)} (LMDB code {code})") => Code = code;

    /// <summary>The code as LMDB gave it: negative for its own, a positive errno for the system's.</summary>
    public int Code { get; }

    public LmdbErrorKind Kind => KindOf(Code);

    internal static void ThrowIfFailed(int code, string operation)
    {
        if (code != LmdbNative.Success)
        {
            Throw(code, operation);
        }
    }

    [DoesNotReturn]
    internal static void Throw(int code, string operation) => throw new LmdbException(operation, code);

    private static LmdbErrorKind KindOf(int code) =>
        Enum.IsDefined((LmdbErrorKind)code) ? (LmdbErrorKind)code : LmdbErrorKind.Other;

    private static string TextOf(int code) => Marshal.PtrToStringUTF8(LmdbNative.mdb_strerror(code)) ?? "no text";

    private static BucketStoreFault FaultOf(LmdbErrorKind kind) => kind switch
    {
        LmdbErrorKind.MapFull or LmdbErrorKind.DiskFull or LmdbErrorKind.QuotaExceeded => BucketStoreFault.Full,
        LmdbErrorKind.ReadersFull => BucketStoreFault.ReadersFull,
        LmdbErrorKind.Corrupted or LmdbErrorKind.PageNotFound or LmdbErrorKind.Invalid
            or LmdbErrorKind.VersionMismatch => BucketStoreFault.Corrupt,
        LmdbErrorKind.BadValueSize or LmdbErrorKind.TransactionFull or LmdbErrorKind.BadTransaction
            => BucketStoreFault.BadRequest,
        _ => BucketStoreFault.Io,
    };
}
