"""A client of the cluster that the variables of etcdctl name."""

import os
import sys

import etcd3

CALL_LIMIT_SECONDS = 5
ENDPOINTS = os.environ.get("ETCDCTL_ENDPOINTS", "127.0.0.1:2379").split(",")


def connect(endpoint, timeout=CALL_LIMIT_SECONDS):
    """This client knows one endpoint. Without a time limit its calls end when the server ends them."""
    host, port = endpoint.rsplit(":", 1)
    return etcd3.client(
        host,
        int(port),
        ca_cert=os.environ.get("ETCDCTL_CACERT"),
        cert_cert=os.environ.get("ETCDCTL_CERT"),
        cert_key=os.environ.get("ETCDCTL_KEY"),
        timeout=timeout,
    )


def ask(request):
    """Asks whoever runs the program for something, and returns when it is done."""
    print(request, flush=True)
    sys.stdin.readline()
