// Each test has whole clusters of processes: side by side they would only measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
