namespace Raftd.Api.Rest.Routing;

/// <summary>Endpoint metadata: what the pipeline around a handler does for it.</summary>
[Flags]
internal enum RouteTraits
{
    None = 0,

    /// <summary>It needs the leader in the end, so `?redirect=1` applies.</summary>
    NeedsLeader = 1,

    /// <summary>Its answers carry X-Raftd-Revision, errors included: the key and lease routes.</summary>
    HasRevision = 2,

    /// <summary>It is about the whole process, and about no bucket: no bucket stands before its path.</summary>
    OfServer = 4,
}
