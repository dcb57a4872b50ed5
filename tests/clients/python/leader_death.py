"""The leader dies under puts, watchers and a lease.

This client knows one endpoint, so its user goes to the next one when a call or a watch fails, and watches on from the
revision behind the last event. Each call ends by its deadline. Every watcher is told of all that happened, once and in
order; what was acknowledged is among it.
"""

import threading
import time

import etcd3
import grpc

from connect import ENDPOINTS, ask, connect

CALM_PUTS = 20  # that are acknowledged before the death, and after it
FAILURES = (etcd3.exceptions.Etcd3Exception, grpc.RpcError)


class Watcher:
    """Begins at one endpoint and goes to the next one whenever it must. Notes (revision, value)."""

    def __init__(self, key, revision, first):
        self.key = key
        self.revision = revision
        self.endpoint = first
        self.events = []
        self.moves = 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            client = connect(ENDPOINTS[self.endpoint])
            try:
                events, _ = client.watch(self.key, start_revision=self.revision)
                for event in events:
                    self.events.append((event.mod_revision, event.value.decode()))
                    self.revision = event.mod_revision + 1
            except FAILURES:
                client.close()
                self.moves += 1
                self.endpoint = (self.endpoint + 1) % len(ENDPOINTS)
                time.sleep(0.1)


class Puts:
    """Puts of one key, one after the other, each with another value."""

    def __init__(self, key):
        self.key = key
        self.client = connect(ENDPOINTS[0])
        self.sent = 0
        self.acknowledged = []  # (revision, value)
        self.failures = []
        self.slowest = 0

    def until(self, is_over):
        """What a put that failed has come to is unknown: it is there, or it is not."""
        while not is_over():
            self.sent += 1
            began = time.monotonic()
            try:
                revision = self.client.put(self.key, "value %d" % self.sent).header.revision
                self.acknowledged.append((revision, "value %d" % self.sent))
            except FAILURES as failure:
                self.failures.append(str(failure) or type(failure).__name__)
                self.client.close()
                self.client = connect(ENDPOINTS[len(self.failures) % len(ENDPOINTS)])
            self.slowest = max(self.slowest, time.monotonic() - began)

    def calm(self):
        goal = len(self.acknowledged) + CALM_PUTS
        self.until(lambda: len(self.acknowledged) == goal)


def ask_for_death(is_dead):
    ask("kill the leader")
    is_dead.set()


def leader_death(trial):
    key = trial.prefix + "puts"
    first = trial.client.put(key, "first").header.revision
    watchers = [Watcher(key, first, endpoint) for endpoint in range(len(ENDPOINTS))]  # one of them at the leader
    lease = trial.client.lease(10)
    trial.client.put(trial.prefix + "kept", "1", lease=lease)
    puts = Puts(key)
    puts.calm()
    for watcher in watchers:
        wait_for(watcher, puts.acknowledged[-1])

    is_dead = threading.Event()
    threading.Thread(target=ask_for_death, args=(is_dead,), daemon=True).start()  # while the puts go on
    puts.until(is_dead.is_set)
    puts.calm()

    history = Watcher(key, first, watchers[0].endpoint)
    for watcher in [history] + watchers:
        wait_for(watcher, puts.acknowledged[-1])
        assert watcher.events == history.events, (watcher.events, history.events)
    missing = set(puts.acknowledged) - set(history.events)
    assert not missing, "acknowledged and not there: %s" % missing
    assert [value for _, value in history.events].count("first") == 1
    assert len(set(value for _, value in history.events)) == len(history.events), "a put was done twice"
    assert any(watcher.moves > 0 for watcher in watchers), "no watcher was at the leader"
    client = puts.client
    assert list(client.refresh_lease(lease.id))[0].TTL == 10
    assert client.get(trial.prefix + "kept")[0] == b"1"
    print("%d puts, %d acknowledged, the slowest took %.3f s; %d of %d watchers had to go elsewhere; failures: %s" % (
        puts.sent, len(puts.acknowledged), puts.slowest, sum(watcher.moves > 0 for watcher in watchers), len(watchers),
        puts.failures))


def wait_for(watcher, event):
    while event not in watcher.events:
        time.sleep(0.02)
