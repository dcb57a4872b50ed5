// Keeps a service listed: grants a lease, renews it in time, and gives it back at the end, at Ctrl-C or SIGTERM.
//
//   node register.mjs MEMBERS NAME DATA [TTL]
//
// MEMBERS is host:port[,host:port]. DATA is what others shall know about the service: JSON with http_addr and weight.

import { setTimeout as delay } from "node:timers/promises";
import { Members, Unavailable, mustBeOk } from "./members.mjs";

const key = "nodeinfo"; // of the data under the lease; pick.mjs lists by it
const pauseAfterFailure = 300; // milliseconds

const [addresses, name, data, ttlText = "10"] = process.argv.slice(2);
const ttl = Number(ttlText);
if (!data || !(ttl >= 1)) {
  console.error("usage: node register.mjs MEMBERS NAME DATA [TTL]");
  process.exit(2);
}

// A fifth of the TTL at most, so that three members can be asked before the lease is over.
const members = new Members(addresses.split(","), Math.min(2000, (ttl * 1000) / 5));
const stopping = new AbortController();
const stop = stopping.signal;
process.on("SIGTERM", () => stopping.abort());
process.on("SIGINT", () => stopping.abort());

let lease;
try {
  while (true) {
    const renewed = await renew();
    await delay(renewed ? untilNextRenewal() : pauseAfterFailure, undefined, { signal: stop });
  }
} catch (failure) {
  if (!stop.aborted) {
    throw failure;
  }
  await deregister();
}

/** Each renewal carries the data: if the key was deleted meanwhile, it is set again. */
async function renew() {
  try {
    const isNew = !lease;
    lease ??= await grant();
    const answer = await members.send("POST", `/lease/keepalive/${lease}`, { form: { key, data }, stop });
    if (answer.status === 404) {
      // Over: this process was paused or cut off for longer than the TTL. The id never comes back.
      console.log(`lease ${lease} is over, granting another`);
      lease = undefined;
      return false;
    }
    mustBeOk(answer);
    if (isNew) {
      console.log(`registered ${name} with lease ${lease}`);
    }
    return true;
  } catch (failure) {
    if (!(failure instanceof Unavailable)) {
      throw failure;
    }
    // Not over: a new leader counts the time again, so the same id is renewed as soon as there is one.
    console.log(`not renewed, trying again: ${failure.message}`);
    return false;
  }
}

/** An answer that is lost leaves a lease without keys behind. It is listed nowhere, and ends by itself. */
async function grant() {
  return mustBeOk(await members.send("POST", `/lease/grant?ttl=${ttl}&name=${encodeURIComponent(name)}`, { stop }));
}

/** The service leaves the lists at once, not when the TTL is over. If no member answers, the TTL ends it. */
async function deregister() {
  if (!lease) {
    return;
  }
  try {
    const { status, text } = await members.send("DELETE", `/lease/${lease}`);
    console.log(status === 200 || status === 404 ? `deregistered ${name}` : `not deregistered: ${status} ${text}`);
  } catch (failure) {
    console.log(`not deregistered: ${failure.message}`);
  }
}

/**
 * Milliseconds: a third of the TTL, so that one renewal may be lost; a little earlier each time, and each time
 * differently, so that a thousand services that were started together do not renew together.
 */
function untilNextRenewal() {
  return ((ttl * 1000) / 3) * (1 - 0.2 * Math.random());
}
