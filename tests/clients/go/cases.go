// The cases that every cluster passes, in the idiom of clientv3's own examples.
package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/clientv3/concurrency"
	"go.etcd.io/etcd/clientv3/mirror"
	"go.etcd.io/etcd/clientv3/namespace"
	"go.etcd.io/etcd/etcdserver/api/v3rpc/rpctypes"
	"go.etcd.io/etcd/mvcc/mvccpb"
)

const leaseTTL = 3

func kv(ctx context.Context, t *trial) {
	first, err := t.client.Put(ctx, t.prefix+"a", "1")
	must(err)
	second, err := t.client.Put(ctx, t.prefix+"a", "2", clientv3.WithPrevKV())
	must(err)
	expect(string(second.PrevKv.Value) == "1", "the value before is %q", second.PrevKv.Value)
	then, err := t.client.Get(ctx, t.prefix+"a", clientv3.WithRev(first.Header.Revision))
	must(err)
	expect(string(then.Kvs[0].Value) == "1", "at the first revision there is %q", then.Kvs[0].Value)

	for _, key := range []string{"b", "c", "d"} {
		_, err = t.client.Put(ctx, t.prefix+key, "of "+key)
		must(err)
	}
	page, err := t.client.Get(ctx, t.prefix, clientv3.WithPrefix(), clientv3.WithLimit(3),
		clientv3.WithSort(clientv3.SortByKey, clientv3.SortDescend))
	must(err)
	expect(len(page.Kvs) == 3 && page.More && page.Count == 4, "%d keys, more: %v, of %d", len(page.Kvs), page.More, page.Count)
	expect(string(page.Kvs[0].Key) == t.prefix+"d", "the last key is %s", page.Kvs[0].Key)

	txn, err := t.client.Txn(ctx).
		If(clientv3.Compare(clientv3.ModRevision(t.prefix+"a"), "=", second.Header.Revision)).
		Then(clientv3.OpPut(t.prefix+"a", "3"), clientv3.OpGet(t.prefix+"a")).
		Else(clientv3.OpGet(t.prefix + "a")).
		Commit()
	must(err)
	expect(txn.Succeeded, "the condition does not hold")
	read := txn.Responses[1].GetResponseRange().Kvs[0]
	expect(string(read.Value) == "3" && read.ModRevision == txn.Header.Revision, "the transaction reads %v", read)

	deleted, err := t.client.Delete(ctx, t.prefix, clientv3.WithPrefix(), clientv3.WithPrevKV())
	must(err)
	expect(deleted.Deleted == 4 && len(deleted.PrevKvs) == 4, "%d keys were deleted", deleted.Deleted)
	_, err = t.client.Put(ctx, "", "of no key")
	expect(errors.Is(err, rpctypes.ErrEmptyKey), "a key without a name is answered with %v", err)
}

func compaction(ctx context.Context, t *trial) {
	_, err := t.client.Compact(ctx, t.past)
	must(err)
	_, err = t.client.Get(ctx, "key", clientv3.WithRev(t.past-1))
	expect(errors.Is(err, rpctypes.ErrCompacted), "a compacted revision is answered with %v", err)
	_, err = t.client.Compact(ctx, t.past)
	expect(errors.Is(err, rpctypes.ErrCompacted), "a second compaction is answered with %v", err)
	for answer := range t.client.Watch(ctx, "key", clientv3.WithRev(t.past-1)) {
		expect(errors.Is(answer.Err(), rpctypes.ErrCompacted), "a watch of the past is told %v", answer.Err())
		expect(answer.CompactRevision == t.past, "compacted at %d", answer.CompactRevision)
	}
}

func watch(ctx context.Context, t *trial) {
	first, err := t.client.Put(ctx, t.prefix+"a", "1")
	must(err)
	// From a revision on: a watch without one begins where its member is, which may be behind.
	live := t.client.Watch(ctx, t.prefix, clientv3.WithPrefix(), clientv3.WithRev(first.Header.Revision+1),
		clientv3.WithPrevKV(), clientv3.WithCreatedNotify())
	created := <-live
	expect(created.Created, "the first answer of a watch is %v", created)
	_, err = t.client.Put(ctx, t.prefix+"a", "2")
	must(err)
	_, err = t.client.Delete(ctx, t.prefix+"a")
	must(err)

	next := eventsOf(live)
	put, deletion := next(), next()
	expect(put.IsModify() && string(put.Kv.Value) == "2" && string(put.PrevKv.Value) == "1", "the put is told as %v", put)
	expect(deletion.Type == mvccpb.DELETE && string(deletion.PrevKv.Value) == "2", "the deletion is told as %v", deletion)
	next = eventsOf(t.client.Watch(ctx, t.prefix, clientv3.WithPrefix(), clientv3.WithRev(first.Header.Revision)))
	put, second := next(), next()
	expect(put.IsCreate() && second.IsModify(), "the past is told as %v, %v", put, second)
	next = eventsOf(t.client.Watch(
		ctx, t.prefix, clientv3.WithPrefix(), clientv3.WithFilterPut(), clientv3.WithRev(first.Header.Revision)))
	only := next()
	expect(only.Type == mvccpb.DELETE, "a watch of deletions is told %v", only)

	must(t.client.RequestProgress(ctx))
	for answer := range live {
		must(answer.Err())
		if answer.IsProgressNotify() {
			expect(answer.Header.Revision >= deletion.Kv.ModRevision, "progress to %d", answer.Header.Revision)
			return
		}
	}
	expect(false, "the watch ended")
}

// Gives one event after the other: an answer may hold several.
func eventsOf(answers clientv3.WatchChan) func() *clientv3.Event {
	read := []*clientv3.Event{}
	return func() *clientv3.Event {
		for len(read) == 0 {
			answer, isOpen := <-answers
			expect(isOpen, "the watch ended")
			must(answer.Err())
			read = answer.Events
		}
		event := read[0]
		read = read[1:]
		return event
	}
}

func lease(ctx context.Context, t *trial) {
	granted, err := t.client.Grant(ctx, leaseTTL)
	must(err)
	_, err = t.client.Put(ctx, t.prefix+"kept", "1", clientv3.WithLease(granted.ID))
	must(err)
	kept, err := t.client.KeepAlive(ctx, granted.ID) // sends one every TTL/3
	must(err)
	for began := time.Now(); time.Since(began) < leaseTTL*time.Second*3/2; {
		answer, isOpen := <-kept
		expect(isOpen && answer.TTL == leaseTTL, "the lease is kept with %v", answer)
	}
	_, err = t.client.Put(ctx, t.prefix+"late", "1", clientv3.WithLease(granted.ID))
	must(err)
	left, err := t.client.TimeToLive(ctx, granted.ID, clientv3.WithAttachedKeys())
	must(err)
	expect(left.GrantedTTL == leaseTTL && len(left.Keys) == 2, "the lease is %v", left)

	_, err = t.client.Revoke(ctx, granted.ID)
	must(err)
	gone, err := t.client.Get(ctx, t.prefix, clientv3.WithPrefix())
	must(err)
	expect(gone.Count == 0, "%d keys outlive their lease", gone.Count)
	_, err = t.client.KeepAliveOnce(ctx, granted.ID)
	expect(errors.Is(err, rpctypes.ErrLeaseNotFound), "a lease that is gone is kept with %v", err)
	_, err = t.client.Put(ctx, t.prefix+"late", "1", clientv3.WithLease(granted.ID))
	expect(errors.Is(err, rpctypes.ErrLeaseNotFound), "a put with a lease that is gone is answered with %v", err)
}

func leaseExpiry(ctx context.Context, t *trial) {
	granted, err := t.client.Grant(ctx, leaseTTL)
	must(err)
	put, err := t.client.Put(ctx, t.prefix+"left", "1", clientv3.WithLease(granted.ID))
	must(err)
	event := eventsOf(t.client.Watch(ctx, t.prefix+"left", clientv3.WithRev(put.Header.Revision+1)))()
	expect(event.Type == mvccpb.DELETE, "instead of the deletion there is %v", event)
}

// Several holders add to a number by turns, reading and writing it apart: without the lock sums would be lost.
func mutex(ctx context.Context, t *trial) {
	const holders, turns = 3, 4
	key := t.prefix + "sum"
	failures := make(chan interface{}, holders)
	for i := 0; i < holders; i++ {
		go func() {
			defer func() { failures <- recover() }()
			session, err := concurrency.NewSession(t.client, concurrency.WithContext(ctx))
			must(err)
			defer session.Close()
			lock := concurrency.NewMutex(session, t.prefix+"lock")
			for turn := 0; turn < turns; turn++ {
				must(lock.Lock(ctx))
				read, err := t.client.Get(ctx, key)
				must(err)
				written, err := t.client.Txn(ctx).If(lock.IsOwner()).Then(clientv3.OpPut(key, strconv.Itoa(numberIn(read)+1))).Commit()
				must(err)
				expect(written.Succeeded, "the lock was lost")
				must(lock.Unlock(ctx))
			}
		}()
	}
	for i := 0; i < holders; i++ {
		failure := <-failures
		expect(failure == nil, "%v", failure)
	}
	sum, err := t.client.Get(ctx, key)
	must(err)
	expect(numberIn(sum) == holders*turns, "%d of %d additions are there", numberIn(sum), holders*turns)
	waitForHeldLock(ctx, t)
}

// A lock that is held makes a second one wait until its deadline, and no longer.
func waitForHeldLock(ctx context.Context, t *trial) {
	for _, name := range []string{"holder", "waiter"} {
		session, err := concurrency.NewSession(t.client, concurrency.WithContext(ctx))
		must(err)
		defer session.Close()
		lock := concurrency.NewMutex(session, t.prefix+"held")
		if name == "holder" {
			must(lock.Lock(ctx))
			continue
		}
		soon, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		err = lock.Lock(soon)
		expect(errors.Is(err, context.DeadlineExceeded), "the lock of another is answered with %v", err)
	}
}

func numberIn(read *clientv3.GetResponse) int {
	if len(read.Kvs) == 0 {
		return 0
	}
	number, err := strconv.Atoi(string(read.Kvs[0].Value))
	must(err)
	return number
}

func election(ctx context.Context, t *trial) {
	candidates := []*concurrency.Election{}
	for i := 0; i < 2; i++ {
		session, err := concurrency.NewSession(t.client, concurrency.WithContext(ctx))
		must(err)
		defer session.Close()
		candidates = append(candidates, concurrency.NewElection(session, t.prefix+"office"))
	}
	must(candidates[0].Campaign(ctx, "first"))
	watching, stop := context.WithCancel(ctx)
	defer stop()
	leaders := candidates[1].Observe(watching)
	expectLeader(leaders, "first")
	second := make(chan error, 1)
	go func() { second <- candidates[1].Campaign(ctx, "second") }()
	must(candidates[0].Proclaim(ctx, "first again"))
	expectLeader(leaders, "first again")
	must(candidates[0].Resign(ctx))
	must(<-second)
	expectLeader(leaders, "second")
	leader, err := candidates[0].Leader(ctx)
	must(err)
	expect(string(leader.Kvs[0].Value) == "second", "the leader is %s", leader.Kvs[0].Value)
	must(candidates[1].Resign(ctx))
	_, err = candidates[0].Leader(ctx)
	expect(errors.Is(err, concurrency.ErrElectionNoLeader), "the leader that there is not: %v", err)
}

func expectLeader(leaders <-chan clientv3.GetResponse, name string) {
	leader, isOpen := <-leaders
	expect(isOpen, "the observation ended before %s led", name)
	expect(string(leader.Kvs[0].Value) == name, "instead of %s leads %s", name, leader.Kvs[0].Value)
}

func inNamespace(ctx context.Context, t *trial) {
	inside := namespace.NewKV(t.client.KV, t.prefix)
	events := namespace.NewWatcher(t.client.Watcher, t.prefix).Watch(ctx, "", clientv3.WithPrefix(), clientv3.WithCreatedNotify())
	<-events
	leases := namespace.NewLease(t.client.Lease, t.prefix)
	granted, err := leases.Grant(ctx, 60)
	must(err)
	_, err = inside.Put(ctx, "a", "1", clientv3.WithLease(granted.ID))
	must(err)
	outside, err := t.client.Get(ctx, t.prefix+"a")
	must(err)
	expect(outside.Count == 1, "the key is not under the prefix")
	event := eventsOf(events)()
	expect(string(event.Kv.Key) == "a", "the watch names %s", event.Kv.Key)
	left, err := leases.TimeToLive(ctx, granted.ID, clientv3.WithAttachedKeys())
	must(err)
	expect(len(left.Keys) == 1 && string(left.Keys[0]) == "a", "the lease names %s", left.Keys)
	all, err := inside.Txn(ctx).If(clientv3.Compare(clientv3.Version("a"), "=", 1)).Then(clientv3.OpGet("", clientv3.WithPrefix())).Commit()
	must(err)
	expect(all.Succeeded && len(all.Responses[0].GetResponseRange().Kvs) == 1, "the namespace holds %v", all.Responses)
	_, err = leases.Revoke(ctx, granted.ID)
	must(err)
}

// More keys than the mirror asks for at once, and changes after it.
func mirrorPrefix(ctx context.Context, t *trial) {
	const keys = 1100
	for i := 0; i < keys; i += 100 {
		puts := []clientv3.Op{}
		for j := i; j < i+100; j++ {
			puts = append(puts, clientv3.OpPut(fmt.Sprintf("%s%04d", t.prefix, j), "base"))
		}
		_, err := t.client.Txn(ctx).Then(puts...).Commit()
		must(err)
	}
	syncer := mirror.NewSyncer(t.client, t.prefix, 0)
	copied := map[string]string{}
	pages, failed := syncer.SyncBase(ctx)
	for page := range pages {
		for _, kv := range page.Kvs {
			copied[string(kv.Key)] = string(kv.Value)
		}
	}
	must(<-failed)
	expect(len(copied) == keys, "%d of %d keys were copied", len(copied), keys)
	_, err := t.client.Put(ctx, t.prefix+"0000", "changed")
	must(err)
	_, err = t.client.Delete(ctx, t.prefix+"0001")
	must(err)
	updates := syncer.SyncUpdates(ctx)
	for told := 0; told < 2; {
		answer := <-updates
		must(answer.Err())
		for _, event := range answer.Events {
			told++
			if delete(copied, string(event.Kv.Key)); event.Type == mvccpb.PUT {
				copied[string(event.Kv.Key)] = string(event.Kv.Value)
			}
		}
	}
	expect(len(copied) == keys-1 && copied[t.prefix+"0000"] == "changed", "the copy has %d keys", len(copied))
}

// Money moves between accounts from several sides at once, and none of it is made or lost.
func stm(ctx context.Context, t *trial) {
	const accounts, workers, moves, start = 4, 4, 10, 100
	account := func(i int) string { return fmt.Sprintf("%s%d", t.prefix, i%accounts) }
	for i := 0; i < accounts; i++ {
		_, err := t.client.Put(ctx, account(i), strconv.Itoa(start))
		must(err)
	}
	for _, level := range []concurrency.Isolation{concurrency.SerializableSnapshot, concurrency.Serializable, concurrency.RepeatableReads} {
		var running sync.WaitGroup
		failures := make(chan error, workers*moves)
		for worker := 0; worker < workers; worker++ {
			running.Add(1)
			go func(worker int) {
				defer running.Done()
				for move := 0; move < moves; move++ {
					from, to := account(worker+move), account(worker+2*move+1)
					if from == to {
						continue
					}
					failures <- transfer(ctx, t, level, from, to, worker)
				}
			}(worker)
		}
		running.Wait()
		close(failures)
		for err := range failures {
			must(err)
		}
		read, err := t.client.Get(ctx, t.prefix, clientv3.WithPrefix())
		must(err)
		sum := 0
		for _, kv := range read.Kvs {
			balance, err := strconv.Atoi(string(kv.Value))
			must(err)
			sum += balance
		}
		expect(sum == accounts*start, "at isolation %d the sum is %d", level, sum)
	}
}

// After its first read a transaction reads at that revision, from any member: one that has not come so far refuses, also
// with etcd, and nothing was done. Then the transaction begins anew.
func transfer(ctx context.Context, t *trial, level concurrency.Isolation, from, to string, amount int) error {
	for {
		_, err := concurrency.NewSTM(t.client, func(s concurrency.STM) error {
			balance, err := strconv.Atoi(s.Get(from))
			if err != nil {
				return err
			}
			other, err := strconv.Atoi(s.Get(to))
			s.Put(from, strconv.Itoa(balance-amount))
			s.Put(to, strconv.Itoa(other+amount))
			return err
		}, concurrency.WithIsolation(level), concurrency.WithAbortContext(ctx))
		if !errors.Is(err, rpctypes.ErrFutureRev) {
			return err
		}
	}
}

func maintenance(ctx context.Context, t *trial) {
	members, err := t.client.MemberList(ctx)
	must(err)
	expect(len(members.Members) == len(t.endpoints), "%d members are listed", len(members.Members))
	leaders := map[uint64]bool{}
	for _, endpoint := range t.endpoints {
		status, err := t.client.Status(ctx, endpoint)
		must(err)
		expect(status.Version != "" && status.DbSize > 0 && len(status.Errors) == 0, "%s is %v", endpoint, status)
		leaders[status.Leader] = true
	}
	expect(len(leaders) == 1 && !leaders[0], "the members name the leaders %v", leaders)
	alarms, err := t.client.AlarmList(ctx)
	must(err)
	expect(len(alarms.Alarms) == 0, "alarms: %v", alarms.Alarms)
}
