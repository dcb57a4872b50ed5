"""The cases that every cluster passes, in the client's own idiom."""

import threading
import time

import etcd3
import grpc
from etcd3.events import DeleteEvent, PutEvent

from connect import ENDPOINTS, connect

LEASE_TTL = 3


def crud(trial):
    client, key = trial.client, trial.prefix + "a"
    assert client.get(key) == (None, None)
    client.put(key, "1")
    assert client.put(key, "2", prev_kv=True).prev_kv.value == b"1"
    value, about = client.get(key)
    assert (value, about.version) == (b"2", 2), (value, about.version)
    assert client.put_if_not_exists(key, "3") is False
    assert client.replace(key, "2", "3") is True
    assert client.get(key, serializable=True)[0] is not None
    assert client.delete(key) is True
    assert client.delete(key) is False
    try:
        client.put("", "of no key")
        raise AssertionError("a key without a name was put")
    except grpc.RpcError as refused:
        assert refused.code() == grpc.StatusCode.INVALID_ARGUMENT, refused


def ranges(trial):
    client, prefix = trial.client, trial.prefix
    for name in "abcd":
        client.put(prefix + name, "of " + name)
    assert [value for value, _ in client.get_prefix(prefix)] == [b"of a", b"of b", b"of c", b"of d"]
    descending = client.get_prefix(prefix, sort_order="descend", sort_target="create", keys_only=True)
    assert [about.key.decode()[-1] for _, about in descending] == ["d", "c", "b", "a"]
    middle = client.get_range(prefix + "b", prefix + "d")
    assert [value for value, _ in middle] == [b"of b", b"of c"]
    assert client.delete_prefix(prefix).deleted == 4
    assert list(client.get_prefix(prefix)) == []


def txn(trial):
    client, key = trial.client, trial.prefix + "a"
    of = client.transactions
    arguments = {
        "compare": [of.create(key) == 0],
        "success": [of.put(key, "mine"), of.get(key)],
        "failure": [of.get(key), of.txn([of.version(key) > 5], [of.put(key, "no")], [of.put(key, "yes"), of.get(key)])],
    }
    succeeded, answers = client.transaction(**arguments)
    assert succeeded and answers[1][0][0] == b"mine", answers
    succeeded, answers = client.transaction(**arguments)
    assert not succeeded and answers[0][0][0] == b"mine", answers
    assert client.get(key)[0] == b"yes"


def compaction(trial):
    client = trial.client
    client.compact(trial.past)
    try:
        client.compact(trial.past)
        raise AssertionError("a revision was compacted twice")
    except grpc.RpcError as refused:
        assert refused.code() == grpc.StatusCode.OUT_OF_RANGE, refused
    events, _ = client.watch(trial.prefix + "a", start_revision=trial.past - 1)
    try:
        raise AssertionError("a watch of the past is told %s" % next(events))
    except etcd3.exceptions.RevisionCompactedError as compacted:
        assert compacted.compacted_revision == trial.past, compacted.compacted_revision


def watch(trial):
    client, key = trial.client, trial.prefix + "a"
    first = client.put(key, "1").header.revision
    events, cancel = client.watch_prefix(trial.prefix, start_revision=first, prev_kv=True)
    client.put(key, "2")
    client.delete(key)
    told = [next(events) for _ in range(3)]
    assert [type(event) for event in told] == [PutEvent, PutEvent, DeleteEvent], told
    assert [event.value for event in told] == [b"1", b"2", b""]
    assert told[2].prev_value == b"2"
    cancel()
    seen = threading.Event()
    watch_id = client.add_watch_callback(key, lambda answer: seen.set())
    client.put(key, "3")
    assert seen.wait(10), "the callback was not called"
    client.cancel_watch(watch_id)
    try:
        client.watch_once(trial.prefix + "nothing", timeout=0.2)
        raise AssertionError("a key that was never put has an event")
    except etcd3.exceptions.WatchTimedOut:
        pass


def lease(trial):
    client = trial.client
    granted = client.lease(LEASE_TTL)
    client.put(trial.prefix + "kept", "1", lease=granted)
    for _ in range(5):
        time.sleep(LEASE_TTL / 3)  # the client has no keepalive of its own: its user refreshes
        assert granted.refresh()[0].TTL == LEASE_TTL
    client.put(trial.prefix + "late", "1", lease=granted.id)
    assert granted.granted_ttl == LEASE_TTL and 0 < granted.remaining_ttl <= LEASE_TTL
    assert len(granted.keys) == 2
    granted.revoke()
    assert list(client.get_prefix(trial.prefix)) == []
    assert granted.refresh()[0].TTL == 0
    try:
        client.put(trial.prefix + "late", "1", lease=granted)
        raise AssertionError("a lease that is gone holds a key")
    except grpc.RpcError as refused:
        assert refused.code() == grpc.StatusCode.NOT_FOUND, refused


def lease_expiry(trial):
    key = trial.prefix + "left"
    put = trial.client.put(key, "1", lease=trial.client.lease(LEASE_TTL))
    events, cancel = trial.client.watch(key, start_revision=put.header.revision + 1)
    assert isinstance(next(events), DeleteEvent)
    cancel()


def lock(trial):
    """Several holders add to a number by turns, reading and writing it apart: without the lock sums would be lost."""
    holders, turns = 3, 4
    failures = []

    def add():
        try:
            client = connect(ENDPOINTS[0])
            for _ in range(turns):
                held = client.lock(trial.prefix + "lock", ttl=30)
                while not held.acquire(timeout=0):
                    wait_for_release(client, held)
                assert held.is_acquired()
                number, _ = client.get(trial.prefix + "sum")
                client.put(trial.prefix + "sum", str(int(number or 0) + 1))
                held.refresh()
                assert held.release()
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=add, daemon=True) for _ in range(holders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    assert int(trial.client.get(trial.prefix + "sum")[0]) == holders * turns
    with trial.client.lock(trial.prefix + "lock"):
        assert not trial.client.lock(trial.prefix + "lock").acquire(timeout=0)


def wait_for_release(client, held):
    """The client's own way to wait, acquire with another timeout, ends with a TypeError under Debian's python3-tenacity."""
    try:
        client.watch_once(held.key, timeout=0.1)
    except etcd3.exceptions.WatchTimedOut:
        pass


def maintenance(trial):
    members = list(trial.client.members)
    assert len(members) == len(ENDPOINTS), members
    leaders = set()
    for endpoint in ENDPOINTS:
        status = connect(endpoint).status()
        assert status.version and status.db_size > 0 and status.raft_index > 0
        leaders.add(status.leader.id)
    assert len(leaders) == 1, leaders
    assert list(trial.client.list_alarms()) == []


CASES = {
    "crud": crud,
    "ranges": ranges,
    "txn": txn,
    "compaction": compaction,
    "watch": watch,
    "lease": lease,
    "lease-expiry": lease_expiry,
    "lock": lock,
    "maintenance": maintenance,
}
