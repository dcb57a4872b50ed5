using System.Net;
using Raftd.Contract;
using Raftd.Node.Membership;

namespace Raftd.Node.Tests;

/// <summary>The log and the core know nothing of the settings and have bounds of their own: no setting may go beyond those.</summary>
public sealed class MemberTuningTests
{
    private static readonly MemberIdentity Self = new()
    {
        Format = MemberIdentity.CurrentFormat,
        Instance = 1,
        Label = "one",
        ClusterId = 5,
        MemberId = 6,
    };

    [Fact]
    public void Of_EverySettingAtEitherBound_IsTakenByLogAndCore()
    {
        AssertSound(Default with
        {
            ElectionTimeout = Bounds.HeartbeatInterval.Least * Bounds.HeartbeatsPerElection,
            HeartbeatInterval = Bounds.HeartbeatInterval.Least,
            MaxValueBytes = (int)Bounds.MaxValueBytes.Least,
            WalSegmentBytes = Bounds.WalSegmentBytes.Least,
        });
        AssertSound(Default with
        {
            ElectionTimeout = Bounds.ElectionTimeout.Most,
            HeartbeatInterval = Bounds.HeartbeatInterval.Least,
            MaxValueBytes = (int)Bounds.MaxValueBytes.Most,
            WalSegmentBytes = Bounds.WalSegmentBytes.Most,
        });
        AssertSound(Default);
    }

    [Fact]
    public void Of_FewerHeartbeatsThanAnElectionNeeds_IsRefusedByTheCore()
    {
        var options = Default with { ElectionTimeout = Bounds.HeartbeatInterval.Default * (Bounds.HeartbeatsPerElection - 1) };
        Assert.NotEmpty(MemberTuning.Of(options, Self, founding: null).Raft.Validate());
    }

    /// <summary>A follower must take what its leader took, and each member what the etcd API lets in.</summary>
    [Fact]
    public void Of_TheSmallestValues_StillTakesEveryCommandOfAnyMember()
    {
        var small = MemberTuning.Of(Default with { MaxValueBytes = (int)Bounds.MaxValueBytes.Least }, Self, founding: null);
        Assert.True(small.Wal.MaxRecordBytes > Bounds.MaxValueBytes.Most, $"{small.Wal.MaxRecordBytes}");
        Assert.True(small.Wal.MaxRecordBytes > Bounds.DefaultMaxRequestBytes, $"{small.Wal.MaxRecordBytes}");
        Assert.True(small.Flush.MaxOverlayBytes >= 2 * Bounds.DefaultMaxRequestBytes, $"{small.Flush.MaxOverlayBytes}");
    }

    private static NodeOptions Default => new()
    {
        DataDirectory = "/data",
        Label = Self.Label,
        AdvertisedHttpAddress = "127.0.0.1:1",
        AdvertisedPeerAddress = "127.0.0.1:2",
        PeerEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
        Join = [],
        Version = "test",
    };

    private static void AssertSound(NodeOptions options)
    {
        var parts = MemberTuning.Of(options, Self, founding: null);
        Assert.Empty(parts.Wal.Validate());
        Assert.Empty(parts.Raft.Validate());
    }
}
