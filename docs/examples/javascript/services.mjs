// Who is alive, and who of them gets the next request.

import { mustBeOk } from "./members.mjs";

/**
 * The services whose name starts with the prefix, ordered by name, for every client alike. Data of another form is passed
 * over: other versions write too.
 * @returns {Promise<{address: string, weight: number}[]>}
 */
export async function list(members, prefix) {
  const answer = await members.send("GET", `/lease/kv/nodeinfo?prefix=${encodeURIComponent(prefix)}`);
  return JSON.parse(mustBeOk(answer))
    .filter((data) => typeof data?.http_addr === "string")
    .map((data) => ({ address: data.http_addr, weight: weightOf(data) }));
}

/**
 * One of the services, each as often as its weight says; one with weight 0 never. Nothing if there is none.
 * @param {number} number in [0, 1), usually random; the same number picks the same service, so this can be tested
 */
export function pick(services, number) {
  // The weights laid end to end on a line: the number says how far along the line to go.
  let left = number * services.reduce((sum, service) => sum + service.weight, 0);
  for (const service of services) {
    if (left < service.weight) {
      return service;
    }
    left -= service.weight;
  }
  // Rounding may lead past the end of the line.
  return services.findLast((service) => service.weight > 0);
}

/** Without a weight it is 1; a negative one is 0. */
function weightOf(data) {
  return typeof data.weight === "number" ? Math.max(0, data.weight) : 1;
}
