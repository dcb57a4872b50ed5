// A client of the cluster that the variables of etcdctl name.

import { readFileSync } from "node:fs";
import { Etcd3 } from "etcd3";

const callLimitMs = 5_000;
export const endpoints = (process.env.ETCDCTL_ENDPOINTS ?? "127.0.0.1:2379").split(",");

export function connect() {
  return new Etcd3({
    hosts: endpoints,
    credentials: credentials(),
    defaultCallOptions: (call) => (call.isStream ? {} : { deadline: Date.now() + callLimitMs }),
  });
}

/** As the client is unless it is told otherwise: its calls end when the server ends them. */
export function connectWithoutDeadlines() {
  return new Etcd3({ hosts: endpoints, credentials: credentials() });
}

function credentials() {
  const { ETCDCTL_CACERT: authority, ETCDCTL_CERT: certificate, ETCDCTL_KEY: key } = process.env;
  if (!authority) {
    return undefined;
  }
  return {
    rootCertificate: readFileSync(authority),
    certChain: certificate ? readFileSync(certificate) : undefined,
    privateKey: key ? readFileSync(key) : undefined,
  };
}
