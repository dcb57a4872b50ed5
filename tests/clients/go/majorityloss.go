package main

import (
	"context"
	"time"

	"go.etcd.io/etcd/clientv3"
)

// Two of three members are dead. Each call that needs a majority ends by its deadline, with a failure; the member that is left
// answers from what it has. When the others are back all goes on, and a watch from before brings what came since.
func majorityLoss(ctx context.Context, t *trial) {
	put, err := t.client.Put(ctx, t.prefix+"a", "1")
	must(err)
	granted, err := t.client.Grant(ctx, 600)
	must(err)
	next := eventsOf(t.client.Watch(ctx, t.prefix+"a", clientv3.WithRev(put.Header.Revision+1)))
	must(ask("kill the majority"))

	calls := map[string]func(context.Context) error{
		"put":    func(c context.Context) error { _, err := t.client.Put(c, t.prefix+"unknown", "1"); return err },
		"get":    func(c context.Context) error { _, err := t.client.Get(c, t.prefix+"a"); return err },
		"delete": func(c context.Context) error { _, err := t.client.Delete(c, t.prefix+"unknown"); return err },
		"txn": func(c context.Context) error {
			_, err := t.client.Txn(c).Then(clientv3.OpPut(t.prefix+"unknown", "2")).Commit()
			return err
		},
		"compact": func(c context.Context) error { _, err := t.client.Compact(c, t.past); return err },
		"grant":   func(c context.Context) error { _, err := t.client.Grant(c, 60); return err },
		"keep":    func(c context.Context) error { _, err := t.client.KeepAliveOnce(c, granted.ID); return err },
		"ttl":     func(c context.Context) error { _, err := t.client.TimeToLive(c, granted.ID); return err },
		"leases":  func(c context.Context) error { _, err := t.client.Leases(c); return err },
		"revoke":  func(c context.Context) error { _, err := t.client.Revoke(c, granted.ID); return err },
	}
	succeeded := make(chan string, len(calls))
	for name, call := range calls {
		go func(name string, call func(context.Context) error) {
			limited, cancel := context.WithTimeout(ctx, callLimit+2*time.Second)
			defer cancel()
			if call(limited) == nil {
				succeeded <- name
			} else {
				succeeded <- ""
			}
		}(name, call)
	}
	for range calls {
		name := <-succeeded
		expect(name == "", "%s succeeded without a majority", name)
	}
	stale, err := t.client.Get(ctx, t.prefix+"a", clientv3.WithSerializable())
	must(err)
	expect(string(stale.Kvs[0].Value) == "1", "the member that is left has %s", stale.Kvs[0].Value)

	must(ask("start the killed"))
	for err = ctx.Err(); ; {
		must(err)
		if _, failed := t.client.Put(ctx, t.prefix+"a", "2"); failed == nil {
			break
		}
		err = ctx.Err()
	}
	event := next()
	expect(string(event.Kv.Value) == "2", "the watch is told %v", event)
}
