// The leader dies under puts, watchers and a lease. Each call ends by its deadline. Every watcher is told of all that
// happened, once and in order, whether or not it had to go to another member; what was acknowledged is among it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { ask } from "./ask.mjs";
import { connect } from "./connect.mjs";

const calmPuts = 20; // that are acknowledged before each death, and after it
const mostDeaths = 5;
const watcherCount = 6;

export async function leaderDeath({ client, prefix }) {
  const key = `${prefix}puts`;
  const first = await client.put(key).value("first");
  const watchers = await Promise.all(Array.from({ length: watcherCount }, () => watch(key, first.header.revision)));
  const lease = client.lease(10);
  await lease.put(`${prefix}kept`).value("1");
  const puts = new Puts(client, key);
  await puts.acknowledge(calmPuts);

  // The client asks members by chance. It takes a watcher that was the leader's.
  for (let deaths = 0; watchers.every((watcher) => watcher.disconnections === 0); deaths++) {
    assert.ok(deaths < mostDeaths, `no watcher has had to go elsewhere after ${deaths} deaths`);
    let isDead = false;
    const death = ask("kill the leader").then(() => (isDead = true)); // while the puts go on
    while (!isDead) {
      await puts.acknowledge(1);
    }
    await death;
    await puts.acknowledge(calmPuts);
  }

  const history = await watch(key, first.header.revision);
  await told(history, puts.last);
  for (const [value, revision] of puts.acknowledged) {
    assert.ok(history.events.includes(`${revision} ${value}`), `${value} was acknowledged at ${revision}`);
  }
  for (const watcher of watchers) {
    await told(watcher, puts.last);
    assert.deepEqual(watcher.events, history.events);
  }
  await once(lease, "keepaliveSucceeded");
  assert.equal(await client.get(`${prefix}kept`).string(), "1");
  const gone = watchers.filter((watcher) => watcher.disconnections > 0).length;
  console.log(`${puts.sent} puts, ${puts.acknowledged.size} acknowledged, the slowest took ${puts.slowestMs} ms; `
    + `${gone} of ${watcherCount} watchers had to go elsewhere; failures: ${puts.failures}`);
}

/** A watcher of a client of its own, from this revision on. */
async function watch(key, revision) {
  const seen = { events: [], disconnections: 0 };
  seen.watcher = connect().watch().key(key).startRevision(revision).watcher();
  seen.watcher.on("put", (kv) => seen.events.push(`${kv.mod_revision} ${kv.value}`));
  seen.watcher.on("disconnected", () => seen.disconnections++);
  await once(seen.watcher, "connected");
  return seen;
}

async function told(seen, last) {
  while (!seen.events.includes(last)) {
    await once(seen.watcher, "put");
  }
}

/** Puts of one key, one after the other, each with another value. */
class Puts {
  sent = 0;
  acknowledged = new Map(); // the revision, by value
  last = ""; // the one that was acknowledged last, as a watcher notes it
  failures = [];
  slowestMs = 0;

  constructor(client, key) {
    this.client = client;
    this.key = key;
  }

  /** What a put that failed has come to is unknown: it may be there or not, or come twice, as this client repeats it. */
  async acknowledge(count) {
    for (const goal = this.acknowledged.size + count; this.acknowledged.size < goal;) {
      const value = `value ${++this.sent}`;
      const began = Date.now();
      try {
        const answer = await this.client.put(this.key).value(value);
        this.acknowledged.set(value, answer.header.revision);
        this.last = `${answer.header.revision} ${value}`;
      } catch (failure) {
        this.failures.push(failure.message);
      }
      this.slowestMs = Math.max(this.slowestMs, Date.now() - began);
    }
  }
}
