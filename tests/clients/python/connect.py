"""A client of the cluster that the variables of etcdctl name."""

import os

import etcd3

CALL_LIMIT_SECONDS = 5
ENDPOINTS = os.environ.get("ETCDCTL_ENDPOINTS", "127.0.0.1:2379").split(",")


def connect(endpoint):
    """This client knows one endpoint. Without the time limit its calls have none."""
    host, port = endpoint.rsplit(":", 1)
    return etcd3.client(
        host,
        int(port),
        ca_cert=os.environ.get("ETCDCTL_CACERT"),
        cert_cert=os.environ.get("ETCDCTL_CERT"),
        cert_key=os.environ.get("ETCDCTL_KEY"),
        timeout=CALL_LIMIT_SECONDS,
    )
