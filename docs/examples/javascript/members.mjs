// The members of the cluster. Any of them answers any request, so one that answers is enough.

/** No member can answer now. It passes: try again, with the same lease. */
export class Unavailable extends Error {}

export class Members {
  #addresses;
  #limit;
  #current = 0; // stays with the member that answered last: its connection is open

  /**
   * @param {string[]} addresses host:port of some members, better of all
   * @param {number} limit milliseconds to wait for one member before the next one is asked
   */
  constructor(addresses, limit) {
    this.#addresses = addresses;
    this.#limit = limit;
  }

  /**
   * Asks one member after the other, each at most once, until one answers.
   * @returns {Promise<{status: number, text: string}>} what any other member would say too
   */
  async send(method, target, { form, stop } = {}) {
    let problem;
    for (let tries = 0; tries < this.#addresses.length; tries++) {
      try {
        const answer = await this.#sendOnce(method, target, form, stop);
        if (answer.status !== 429 && answer.status < 500) {
          return answer;
        }
        problem = `${answer.status} ${answer.text}`; // an election, or this member is cut off from the leader
      } catch (lost) {
        stop?.throwIfAborted();
        problem = lost.cause?.message || lost.message; // refused, cut off, or silent for longer than the limit
      }
      this.#current = (this.#current + 1) % this.#addresses.length;
    }
    throw new Unavailable(`no member can answer: ${problem}`);
  }

  async #sendOnce(method, target, form, stop) {
    const limit = AbortSignal.timeout(this.#limit);
    const response = await fetch(`http://${this.#addresses[this.#current]}${target}`, {
      method,
      body: form && new URLSearchParams(form),
      signal: stop ? AbortSignal.any([stop, limit]) : limit,
    });
    return { status: response.status, text: await response.text() };
  }
}

/** For the answers that are no news: anything but 200 (400: a bad name, 413: too much data) is a mistake, and stays one. */
export function mustBeOk(answer) {
  if (answer.status !== 200) {
    throw new Error(`${answer.status} ${answer.text}`);
  }
  return answer.text;
}
