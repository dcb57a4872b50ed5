"""Cases of python3-etcd3 against any cluster. docs/testing/clients.md says how to run them by hand.

The cases run side by side, each under keys of its own and with a client of its own, and print a line when they end:
"ok crud", or "failed crud: why". leader-death and majority-loss run only where they are named: they ask for deaths on stdout.
"""

import os
import sys
import threading
import time
import traceback

from cases import CASES
from connect import ENDPOINTS, connect
from leader_death import leader_death
from majority_loss import majority_loss

LIMIT_SECONDS = 60
KNOWN = dict(CASES, **{"leader-death": leader_death, "majority-loss": majority_loss})


class Trial:
    """What a case works with."""

    def __init__(self, prefix, past):
        self.client = connect(ENDPOINTS[0])
        self.prefix = prefix  # of its keys
        self.past = past  # a revision from before the first case: what is older may be compacted


def make_past(run):
    """Two revisions of one key; returns the newer one."""
    client = connect(ENDPOINTS[0])
    client.put(run + "past", "old")
    return client.put(run + "past", "new").header.revision


def attempt(name, prefix, past, failed):
    failed[name] = "it hangs: no end within %d s" % LIMIT_SECONDS
    try:
        KNOWN[name](Trial(prefix, past))
    except BaseException:  # an assertion, or whatever the client throws
        failed[name] = traceback.format_exc()
    else:
        del failed[name]
        sys.stdout.write("ok %s\n" % name)  # print writes the end of the line apart, and another case between
        sys.stdout.flush()


def main():
    names = sys.argv[1:] or list(CASES)
    run = "clients/python/%d-%d/" % (time.time() * 1000, os.getpid())
    past = make_past(run)
    failed = {}
    threads = [
        threading.Thread(target=attempt, args=(name, run + name + "/", past, failed), daemon=True) for name in names
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + LIMIT_SECONDS
    for thread in threads:
        thread.join(max(0, end - time.monotonic()))
    for name, why in failed.items():
        print("failed %s: %s" % (name, why), flush=True)
    os._exit(1 if failed else 0)  # a watch of this client has a thread that never ends


main()
