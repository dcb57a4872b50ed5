// The certificate, key and CA of a port, and their exchange while the server runs.
//
// A renewal writes two files one after the other, and may be seen between the two. So what is in use is
// replaced only by a pair that is whole: anything else leaves the old one in use, with one warning, and is tried again.
//
//   1. A handshake asks for Current. No more often than once a second, that looks whether a file has changed.
//   2. It has: the stamps are taken, then all files are read. A file that changes in between has another stamp next time.
//   3. The files fit together: they are in use from this handshake on. Connections that are open keep what they began with.
//   4. They do not: the old ones stay, and the next look, a second later, reads again.

using Microsoft.Extensions.Logging;

namespace Raftd.Tls;

public sealed class TlsIdentity
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly TlsFiles _files;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    // Guards the fields below it. A handshake that does not get it uses what is there.
    private readonly Lock _looking = new();
    private FileStamps? _stamps;
    private string _complaint = "";
    private long _lookedAt;

    private volatile TlsMaterial _current;

    private TlsIdentity(TlsFiles files, TimeProvider time, ILogger logger)
    {
        _files = files;
        _time = time;
        _logger = logger;
        _stamps = FileStamps.Of(files);
        _lookedAt = time.GetTimestamp();
        _current = TlsMaterial.Read(files);
        WarnOfItsTimes(_current);
    }

    /// <summary>Whose certificates the other side must have; null for none.</summary>
    public NamedFile? Authority => _files.Authority;

    /// <summary>What a handshake that begins now uses.</summary>
    public TlsMaterial Current
    {
        get
        {
            if (_time.GetElapsedTime(Volatile.Read(ref _lookedAt)) >= LookInterval && _looking.TryEnter())
            {
                try
                {
                    Look();
                }
                finally
                {
                    _looking.Exit();
                }
            }

            return _current;
        }
    }

    /// <exception cref="TlsFilesException">The files cannot be used.</exception>
    public static TlsIdentity Open(TlsFiles files, TimeProvider time, ILogger logger) => new(files, time, logger);

    private void Look()
    {
        Volatile.Write(ref _lookedAt, _time.GetTimestamp());
        var stamps = FileStamps.Of(_files);
        if (stamps == _stamps)
        {
            return;
        }

        try
        {
            _current = TlsMaterial.Read(_files);
            _stamps = stamps;
            _complaint = "";
            TlsLog.ReadAgain(_logger, _files.Certificate, _current.Certificate.Subject, _current.Certificate.NotAfter.ToUniversalTime());
            WarnOfItsTimes(_current);
        }
        catch (TlsFilesException unusable)
        {
            Complain(unusable.Message);
        }
    }

    private void Complain(string problem)
    {
        _stamps = null;
        if (problem != _complaint)
        {
            _complaint = problem;
            TlsLog.OldOneKept(_logger, problem);
        }
    }

    private void WarnOfItsTimes(TlsMaterial read)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        var (from, until) = (read.Certificate.NotBefore.ToUniversalTime(), read.Certificate.NotAfter.ToUniversalTime());
        if (now > until)
        {
            TlsLog.Expired(_logger, _files.Certificate, until);
        }
        else if (now < from)
        {
            TlsLog.NotYetValid(_logger, _files.Certificate, from);
        }
    }
}
