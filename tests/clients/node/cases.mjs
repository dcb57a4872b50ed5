// The cases that every cluster passes, in the client's own idiom.

import assert from "node:assert/strict";
import { once } from "node:events";
import { EtcdLeaseInvalidError, EtcdLockFailedError, GRPCOutOfRangeError } from "etcd3";
import { endpoints } from "./connect.mjs";

const leaseTtl = 3;
const isolations = { SerializableSnapshot: 0, Serializable: 1, RepeatableReads: 2 }; // the package names them for TypeScript alone

export const cases = {
  crud, ranges, txn, watch, lease, "lease-expiry": leaseExpiry, lock, election, namespace, stm, maintenance,
};

async function crud({ client, prefix }) {
  const key = `${prefix}a`;
  assert.equal(await client.get(key), null);
  const first = await client.put(key).value("1");
  const previous = await client.put(key).value("2").getPrevious();
  assert.equal(previous.value.toString(), "1");
  assert.equal(await client.get(key).string(), "2");
  assert.equal(await client.get(key).revision(first.header.revision).string(), "1");
  assert.equal(await client.get(key).number(), 2);
  assert.equal((await client.get(key).exec()).kvs[0].version, "2");
  assert.equal((await client.delete().key(key)).deleted, "1");
  assert.equal(await client.get(key).exists(), false);
  await assert.rejects(client.put("").value("of no key").exec(), /key is not provided/);
}

async function ranges({ client, prefix }) {
  await Promise.all(["a", "b", "c", "d"].map((name, i) => client.put(prefix + name).value(i).exec()));
  const all = client.getAll().prefix(prefix);
  assert.deepEqual(await all.numbers(), { [`${prefix}a`]: 0, [`${prefix}b`]: 1, [`${prefix}c`]: 2, [`${prefix}d`]: 3 });
  assert.equal(await client.getAll().prefix(prefix).count(), 4);
  const last = await client.getAll().prefix(prefix).sort("Key", "Descend").limit(2).keys();
  assert.deepEqual(last, [`${prefix}d`, `${prefix}c`]);
  const middle = await client.getAll().inRange({ start: `${prefix}b`, end: `${prefix}d` }).keys();
  assert.deepEqual(middle, [`${prefix}b`, `${prefix}c`]);
  assert.equal((await client.delete().prefix(prefix)).deleted, "4");
}

async function txn({ client, prefix }) {
  const key = `${prefix}a`;
  const create = () => client.if(key, "Create", "==", 0).then(client.put(key).value("mine")).else(client.get(key)).commit();
  assert.equal((await create()).succeeded, true);
  const second = await create();
  assert.equal(second.succeeded, false);
  assert.equal(second.responses[0].response_range.kvs[0].value.toString(), "mine");
  const both = await client.if(key, "Value", "==", "mine").and(key, "Version", "<", 2)
    .then(client.put(key).value("changed"), client.get(key), client.delete().key(`${prefix}none`)).commit();
  assert.equal(both.succeeded, true);
  assert.deepEqual(both.responses.map((answer) => answer.response), ["response_put", "response_range", "response_delete_range"]);
  assert.equal(both.responses[1].response_range.kvs[0].value.toString(), "changed");
}

async function watch({ client, prefix }) {
  const key = `${prefix}a`;
  const first = await client.put(key).value("1");
  const from = String(Number(first.header.revision) + 1); // a watch without one begins where its member is, which may be behind
  const all = await client.watch().prefix(prefix).startRevision(from).withPreviousKV().create();
  const deletions = await client.watch().key(key).startRevision(from).only("delete").create();
  const deleted = once(deletions, "delete");
  const put = once(all, "put");
  await client.put(key).value("2");
  const [kv, before] = await put;
  assert.deepEqual([kv.value.toString(), before.value.toString()], ["2", "1"]);
  const gone = once(all, "delete");
  await client.delete().key(key);
  const [tombstone, last] = await gone;
  assert.deepEqual([tombstone.key.toString(), last.value.toString()], [key, "2"]);
  await deleted;

  const replayed = [];
  const past = await client.watch().key(key).startRevision(first.header.revision).watcher();
  for (const event of ["put", "delete"]) {
    past.on(event, (of) => replayed.push(`${event} ${of.value}`));
  }
  await once(past, "delete");
  assert.deepEqual(replayed, ["put 1", "put 2", "delete "]);
  await Promise.all([all, deletions, past].map((watcher) => watcher.cancel()));
}

async function lease({ client, prefix }) {
  const granted = client.lease(leaseTtl);
  await granted.put(`${prefix}kept`).value("1");
  const began = Date.now();
  while (Date.now() - began < leaseTtl * 1500) {
    const [answer] = await once(granted, "keepaliveSucceeded"); // one every TTL/3
    assert.equal(answer.TTL, String(leaseTtl));
  }
  await granted.put(`${prefix}late`).value("1");
  const left = await client.leaseClient.leaseTimeToLive({ ID: await granted.grant(), keys: true });
  assert.equal(left.grantedTTL, String(leaseTtl));
  assert.equal(left.keys.length, 2);
  await granted.revoke();
  assert.equal(await client.getAll().prefix(prefix).count(), 0);
  await assert.rejects(client.put(`${prefix}late`).value("1").lease(left.ID).exec(), EtcdLeaseInvalidError);
}

async function leaseExpiry({ client, prefix }) {
  const granted = client.lease(leaseTtl, { autoKeepAlive: false });
  const put = await granted.put(`${prefix}left`).value("1");
  const watcher = client.watch().key(`${prefix}left`).startRevision(put.header.revision).watcher();
  await once(watcher, "delete");
  await watcher.cancel();
}

/** Several holders add to a number by turns, reading and writing it apart: without the lock sums would be lost. */
async function lock({ client, prefix }) {
  const [holders, turns] = [3, 4];
  const add = async () => {
    const sum = (await client.get(`${prefix}sum`).number()) ?? 0;
    await client.put(`${prefix}sum`).value(sum + 1);
  };
  await Promise.all(Array.from({ length: holders }, async () => {
    for (let turn = 0; turn < turns;) {
      try {
        await client.lock(`${prefix}lock`).ttl(30).do(add);
        turn++;
      } catch (failure) {
        assert.ok(failure instanceof EtcdLockFailedError, failure); // this client does not wait for a lock that is held
      }
    }
  }));
  assert.equal(await client.get(`${prefix}sum`).number(), holders * turns);
}

async function election({ client, prefix }) {
  const office = client.election(`${prefix}office`, 10);
  const first = await office.campaign("first").wait();
  const observer = await office.observe();
  assert.equal(observer.leader(), "first");
  const second = office.campaign("second");
  const elected = second.wait();
  const proclaimed = once(observer, "change");
  await first.proclaim("first again");
  assert.deepEqual(await proclaimed, ["first again"]);
  await first.resign();
  await elected;
  while (observer.leader() !== "second") {
    await once(observer, "change");
  }
  await observer.cancel();
  await second.resign();
}

async function namespace({ client, prefix }) {
  const inside = client.namespace(prefix);
  const watcher = await inside.watch().prefix("").create();
  const told = once(watcher, "put");
  await inside.put("a").value("1");
  assert.equal(await client.get(`${prefix}a`).string(), "1");
  assert.deepEqual(await inside.getAll().strings(), { a: "1" });
  assert.equal((await told)[0].key.toString(), "a");
  await watcher.cancel();
  assert.equal((await inside.delete().all()).deleted, "1");
}

/** Money moves between accounts from several sides at once, and none of it is made or lost. */
async function stm({ client, prefix }) {
  const [accounts, workers, moves, start] = [4, 4, 5, 100];
  const account = (i) => `${prefix}${i % accounts}`;
  for (let i = 0; i < accounts; i++) {
    await client.put(account(i)).value(start);
  }
  const atOnce = (work) => Promise.all(Array.from({ length: workers }, async (_, worker) => {
    for (let move = 0; move < moves; move++) {
      await work(worker, move);
    }
  }));
  for (const isolation of [isolations.Serializable, isolations.RepeatableReads]) {
    await atOnce((worker, move) => transact(client, isolation, async (tx) => {
      const [from, to] = [account(worker + move), account(worker + move + 1)];
      const [balance, other] = [await tx.get(from).number(), await tx.get(to).number()];
      await tx.put(from).value(balance - worker);
      await tx.put(to).value(other + worker);
    }));
    const balances = Object.values(await client.getAll().prefix(prefix).numbers());
    assert.equal(balances.reduce((sum, balance) => sum + balance), accounts * start);
  }

  // One key: at this level the client never commits a transaction that writes two keys which it read at different revisions.
  await client.put(account(0)).value(0);
  await atOnce(() => transact(client, isolations.SerializableSnapshot, async (tx) => {
    await tx.put(account(0)).value((await tx.get(account(0)).number()) + 1);
  }));
  assert.equal(await client.get(account(0)).number(), workers * moves);
}

/**
 * After its first read a transaction reads at that revision, from any member: one that has not come so far refuses, also
 * with etcd, and nothing was done. Then the transaction begins anew.
 */
async function transact(client, isolation, body) {
  while (true) {
    try {
      return await client.stm({ isolation, retries: 10_000 }).transact(body);
    } catch (failure) {
      if (!(failure instanceof GRPCOutOfRangeError)) {
        throw failure;
      }
    }
  }
}

async function maintenance({ client }) {
  const { members } = await client.cluster.memberList({});
  assert.equal(members.length, endpoints.length);
  const status = await client.maintenance.status();
  assert.ok(Number(status.dbSize) > 0 && members.some((member) => member.ID === status.leader), JSON.stringify(status));
  assert.deepEqual((await client.maintenance.alarm({ action: "Get" })).alarms, []);
}
