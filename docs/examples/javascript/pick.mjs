// Prints the addresses of services, picked by weight from those that are alive, one a line.
//
//   node pick.mjs MEMBERS PREFIX [COUNT] [--even]
//
// --even takes evenly spaced numbers instead of random ones: the shares are exact.

import { Members } from "./members.mjs";
import { list, pick } from "./services.mjs";

const [addresses, prefix, countText = "1", even] = process.argv.slice(2);
const count = Number(countText);
if (!prefix || !(count >= 1)) {
  console.error("usage: node pick.mjs MEMBERS PREFIX [COUNT] [--even]");
  process.exit(2);
}

// A real client lists once a second or so, and picks from that list for each request.
const services = await list(new Members(addresses.split(","), 2000), prefix);
for (let turn = 0; turn < count; turn++) {
  const number = even === "--even" ? (turn + 0.5) / count : Math.random();
  const service = pick(services, number);
  if (!service) {
    console.error(`no service under ${prefix}`);
    process.exit(1);
  }
  console.log(service.address);
}
