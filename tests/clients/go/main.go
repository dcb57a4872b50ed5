// Cases of Go's clientv3, as Debian ships it, against any cluster. docs/testing/clients.md says how to run them by hand.
//
// The cases run side by side, each under keys of its own and with a client of its own, and print a line when they end:
// "ok kv", or "failed kv: why". leader-death and majority-loss run only where they are named: they ask for deaths on stdout.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"strings"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/pkg/transport"
	"go.uber.org/zap"
)

const (
	caseLimit = 60 * time.Second
	// After its time limit a case has this long to come back, or a call of it hangs.
	endLimit = 10 * time.Second
)

var cases = map[string]func(context.Context, *trial){
	"kv":           kv,
	"compaction":   compaction,
	"watch":        watch,
	"lease":        lease,
	"lease-expiry": leaseExpiry,
	"mutex":        mutex,
	"election":     election,
	"namespace":    inNamespace,
	"mirror":       mirrorPrefix,
	"stm":          stm,
	"maintenance":  maintenance,
}

var onRequest = map[string]func(context.Context, *trial){
	"leader-death":  leaderDeath,
	"majority-loss": majorityLoss,
}

var stdin = bufio.NewReader(os.Stdin)

// What a case works with.
type trial struct {
	client    *clientv3.Client
	endpoints []string
	prefix    string // of its keys
	past      int64  // a revision from before the first case: what is older may be compacted
}

func main() {
	names := os.Args[1:]
	if len(names) == 0 {
		for name := range cases {
			names = append(names, name)
		}
	}
	run := fmt.Sprintf("clients/go/%d/", time.Now().UnixNano())
	past := makePast(run)
	ended := make(chan bool)
	for _, name := range names {
		go func(name string) { ended <- try(name, run+name+"/", past) }(name)
	}
	code := 0
	for range names {
		if !<-ended {
			code = 1
		}
	}
	os.Exit(code)
}

// Runs a case to its end or its time limit.
func try(name, prefix string, past int64) bool {
	ctx, cancel := context.WithTimeout(context.Background(), caseLimit)
	defer cancel()
	failure := make(chan interface{}, 1)
	go func() {
		defer func() { failure <- recover() }()
		body := cases[name]
		if body == nil {
			body = onRequest[name]
		}
		expect(body != nil, "there is no such case")
		client := connect(endpoints())
		defer client.Close()
		body(ctx, &trial{client: client, endpoints: endpoints(), prefix: prefix, past: past})
	}()
	select {
	case why := <-failure:
		if why == nil {
			fmt.Printf("ok %s\n", name)
			return true
		}
		fmt.Printf("failed %s: %v\n", name, why)
	case <-time.After(caseLimit + endLimit):
		fmt.Printf("failed %s: a call goes on %v after its deadline\n", name, endLimit)
	}
	return false
}

// Two revisions of one key; returns the newer one.
func makePast(run string) int64 {
	ctx, cancel := context.WithTimeout(context.Background(), caseLimit)
	defer cancel()
	client := connect(endpoints())
	defer client.Close()
	revision := int64(0)
	for _, value := range []string{"old", "new"} {
		answer, err := client.Put(ctx, run+"past", value)
		must(err)
		revision = answer.Header.Revision
	}
	return revision
}

// Asks whoever runs this for something, and returns when it is done.
func ask(request string) error {
	fmt.Println(request)
	_, err := stdin.ReadString('\n')
	return err
}

// The variables are those of etcdctl.
func endpoints() []string {
	if named := os.Getenv("ETCDCTL_ENDPOINTS"); named != "" {
		return strings.Split(named, ",")
	}
	return []string{"127.0.0.1:2379"}
}

func connect(endpoints []string) *clientv3.Client {
	log := zap.NewProductionConfig()
	log.Level = zap.NewAtomicLevelAt(zap.ErrorLevel) // not of each answer that a case asks for
	client, err := clientv3.New(clientv3.Config{
		Endpoints: endpoints, DialTimeout: 10 * time.Second, TLS: tlsFromVariables(), LogConfig: &log,
	})
	must(err)
	return client
}

func tlsFromVariables() *tls.Config {
	ca := os.Getenv("ETCDCTL_CACERT")
	if ca == "" {
		return nil
	}
	config, err := transport.TLSInfo{
		TrustedCAFile: ca, CertFile: os.Getenv("ETCDCTL_CERT"), KeyFile: os.Getenv("ETCDCTL_KEY"),
	}.ClientConfig()
	must(err)
	return config
}

// A case fails by a panic on its own goroutine, which try prints: so its lines are what it does with the client.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func expect(holds bool, format string, arguments ...interface{}) {
	if !holds {
		panic(fmt.Sprintf(format, arguments...))
	}
}
