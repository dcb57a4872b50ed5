// Each kind of server is a collection. The programs wait more than they work, so two kinds have their turn at a time.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
