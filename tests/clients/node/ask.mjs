// Requests to whoever runs the program: a line on stdout, and a line on stdin when it is done.

import { once } from "node:events";
import { createInterface } from "node:readline";

let lines;

export async function ask(request) {
  lines ??= createInterface({ input: process.stdin });
  const answer = once(lines, "line");
  console.log(request);
  await answer;
}
