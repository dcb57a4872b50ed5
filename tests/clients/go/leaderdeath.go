package main

import (
	"context"
	"fmt"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/clientv3/concurrency"
)

const (
	callLimit = 5 * time.Second
	// Puts that are acknowledged before the death, and after it.
	calmPuts = 20
)

// The leader dies under puts, watchers, a lease and a lock. Each call ends by its deadline. Every watcher is told of each
// put once and in order, with those that were acknowledged at the revision of their answer; the lease and the lock hold.
func leaderDeath(ctx context.Context, t *trial) {
	expect(len(t.endpoints) > 1, "a cluster of one has no other leader")
	watchers := startWatchers(ctx, t)
	session, err := concurrency.NewSession(t.client, concurrency.WithContext(ctx))
	must(err)
	defer session.Close()
	lock := concurrency.NewMutex(session, t.prefix+"lock")
	must(lock.Lock(ctx))
	granted, err := t.client.Grant(ctx, 6)
	must(err)
	_, err = t.client.Put(ctx, t.prefix+"kept", "1", clientv3.WithLease(granted.ID))
	must(err)
	kept, err := t.client.KeepAlive(ctx, granted.ID)
	must(err)

	puts := &puts{client: t.client, key: t.prefix + "puts", acknowledged: map[string]int64{}}
	puts.until(ctx, func() bool { return len(puts.acknowledged) == calmPuts })
	died := make(chan error, 1)
	go func() { died <- ask("kill the leader") }() // while the puts go on
	puts.until(ctx, func() bool { return len(died) == 1 })
	must(<-died)
	before := len(puts.acknowledged)
	puts.until(ctx, func() bool { return len(puts.acknowledged) == before+calmPuts })

	for _, events := range watchers {
		puts.compare(events)
	}
	for buffered := len(kept); buffered >= 0; buffered-- { // those from before the death, and one more
		_, isOpen := <-kept
		expect(isOpen, "the lease is kept no longer")
	}
	held, err := t.client.Txn(ctx).If(lock.IsOwner(), clientv3.Compare(clientv3.Version(t.prefix+"kept"), "=", 1)).Commit()
	must(err)
	expect(held.Succeeded, "the lock or the key of the lease is gone")
	must(lock.Unlock(ctx))
	fmt.Printf("%d puts, %d acknowledged, the slowest took %v; failures: %v\n",
		puts.sent, len(puts.acknowledged), puts.slowest.Round(time.Millisecond), puts.failures)
}

// A watcher by way of each member, so one of them is the leader's; afterwards each may go to any other.
func startWatchers(ctx context.Context, t *trial) []clientv3.WatchChan {
	watchers := []clientv3.WatchChan{}
	for _, endpoint := range t.endpoints {
		client := connect([]string{endpoint})
		events := client.Watch(ctx, t.prefix+"puts", clientv3.WithCreatedNotify())
		created, isOpen := <-events
		expect(isOpen && created.Created, "the first answer of a watch is %v", created)
		client.SetEndpoints(t.endpoints...)
		watchers = append(watchers, events)
	}
	return watchers
}

// Puts of one key, one after the other, each with another value.
type puts struct {
	client       *clientv3.Client
	key          string
	sent         int
	acknowledged map[string]int64 // the revision, by value
	last         string           // the value that was acknowledged last
	failures     []string
	slowest      time.Duration
}

func (p *puts) until(ctx context.Context, isOver func() bool) {
	for !isOver() {
		must(ctx.Err())
		p.sent++
		value := fmt.Sprint(p.sent)
		limited, cancel := context.WithTimeout(ctx, callLimit)
		began := time.Now()
		answer, err := p.client.Put(limited, p.key, value)
		cancel()
		if took := time.Since(began); took > p.slowest {
			p.slowest = took
		}
		if err != nil {
			p.failures = append(p.failures, err.Error())
			continue
		}
		p.acknowledged[value] = answer.Header.Revision
		p.last = value
	}
}

// What a put that failed has come to is unknown: it is told once or not at all.
func (p *puts) compare(events clientv3.WatchChan) {
	told, last := map[string]int64{}, int64(0)
	for told[p.last] == 0 {
		answer, isOpen := <-events
		expect(isOpen, "a watcher ended")
		must(answer.Err())
		for _, event := range answer.Events {
			value := string(event.Kv.Value)
			expect(told[value] == 0, "put %s is told twice", value)
			expect(event.Kv.ModRevision > last, "revision %d is told after %d", event.Kv.ModRevision, last)
			told[value], last = event.Kv.ModRevision, event.Kv.ModRevision
		}
	}
	for value, revision := range p.acknowledged {
		expect(told[value] == revision, "put %s is told at %d and was acknowledged at %d", value, told[value], revision)
	}
}
