"""Two of three members are dead.

Each call that needs a majority ends with a failure although the client sets no time limit; the member that is left answers
from what it has. When the others are back all goes on.
"""

import threading
import time

from connect import ENDPOINTS, ask, connect
from leader_death import FAILURES


def majority_loss(trial):
    clients = [connect(endpoint, timeout=None) for endpoint in ENDPOINTS]
    key = trial.prefix + "a"
    clients[0].put(key, "1")
    lease = clients[0].lease(600)
    for client in clients:
        assert client.get(key)[0] == b"1"  # of each member from here on, without a majority too
    ask("kill the majority")

    succeeded = []
    threads = [
        threading.Thread(target=attempt, args=(name, call, succeeded), daemon=True)
        for client in clients
        for name, call in calls_of(client, trial, lease.id).items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not succeeded, "without a majority succeeded %s" % succeeded
    assert [value_of(client, key) for client in clients].count(b"1") == 1, "one member is left"

    ask("start the killed")
    for endpoint in ENDPOINTS:
        while not is_done(lambda: connect(endpoint).put(key, "2")):
            time.sleep(0.2)


def calls_of(client, trial, lease):
    unknown = trial.prefix + "unknown"
    return {
        "put": lambda: client.put(unknown, "1"),
        "get": lambda: client.get(trial.prefix + "a"),
        "delete": lambda: client.delete(unknown),
        "txn": lambda: client.put_if_not_exists(unknown, "2"),
        "compact": lambda: client.compact(trial.past),
        "grant": lambda: client.lease(60),
        "refresh": lambda: list(client.refresh_lease(lease)),
        "info": lambda: client.get_lease_info(lease),
        "revoke": lambda: client.revoke_lease(lease),
        "lock": lambda: client.lock(trial.prefix + "lock").acquire(timeout=0),
        "alarms": lambda: list(client.list_alarms()),
    }


def attempt(name, call, succeeded):
    if is_done(call):
        succeeded.append(name)


def is_done(call):
    try:
        call()
        return True
    except FAILURES:
        return False


def value_of(client, key):
    """What the member itself has, or None where it is dead."""
    try:
        return client.get(key, serializable=True)[0]
    except FAILURES:
        return None
