// Cases of the npm package etcd3 against any cluster. docs/testing/clients.md says how to run them by hand.
//
// The cases run side by side, each under keys of its own and with a client of its own, and print a line when they end:
// "ok crud", or "failed crud: why". leader-death and majority-loss run only where they are named: they ask for deaths on stdout.

import { cases } from "./cases.mjs";
import { connect } from "./connect.mjs";
import { leaderDeath } from "./leader-death.mjs";
import { majorityLoss } from "./majority-loss.mjs";

const limitMs = 60_000;
const known = { ...cases, "leader-death": leaderDeath, "majority-loss": majorityLoss };
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(cases);
const run = `clients/node/${Date.now()}-${process.pid}/`;

const results = await Promise.all(names.map(attempt));
process.exit(results.every(Boolean) ? 0 : 1); // not before a watcher lets go: what hangs has been told

async function attempt(name) {
  const client = connect();
  try {
    if (!known[name]) {
      throw new Error("there is no such case");
    }
    await Promise.race([known[name]({ client, prefix: `${run}${name}/` }), tooLate()]);
    console.log(`ok ${name}`);
    return true;
  } catch (failure) {
    console.log(`failed ${name}: ${failure.stack ?? failure}`);
    return false;
  } finally {
    client.close();
  }
}

function tooLate() {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`it hangs: no end within ${limitMs} ms`)), limitMs).unref();
  });
}
