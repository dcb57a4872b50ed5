// Two of three members are dead. Each call that needs a majority ends with a failure although the client sets no deadline; the
// member that is left answers from what it has. When the others are back all goes on, and a watch from before brings what came since.

import assert from "node:assert/strict";
import { once } from "node:events";
import { ask } from "./ask.mjs";
import { connectWithoutDeadlines } from "./connect.mjs";

export async function majorityLoss({ prefix }) {
  const client = connectWithoutDeadlines();
  const key = `${prefix}a`;
  const put = await client.put(key).value("1");
  const lease = client.lease(600, { autoKeepAlive: false });
  await lease.grant();
  const watcher = client.watch().key(key).startRevision(String(Number(put.header.revision) + 1)).watcher();
  const told = once(watcher, "put");
  await ask("kill the majority");

  const calls = {
    put: client.put(`${prefix}unknown`).value("1").exec(),
    get: client.get(key).exec(),
    delete: client.delete().key(`${prefix}unknown`).exec(),
    txn: client.if(key, "Version", "==", 1).then(client.put(`${prefix}unknown`).value("2")).commit(),
    grant: client.lease(60).grant(),
    revoke: lease.revoke(),
    lock: client.lock(`${prefix}lock`).acquire(),
  };
  const ends = await Promise.allSettled(Object.values(calls));
  const succeeded = Object.keys(calls).filter((_, i) => ends[i].status === "fulfilled");
  assert.deepEqual(succeeded, [], "succeeded without a majority");
  assert.equal(await eventually(() => client.get(key).serializable(true).string()), "1");

  await ask("start the killed");
  await eventually(() => client.put(key).value("2").exec());
  assert.equal((await told)[0].value.toString(), "2");
}

/** Until it is done: the client asks members by chance, and rests after three failures of one. */
async function eventually(call) {
  while (true) {
    try {
      return await call();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
