// Each test has servers of its own: side by side they would only measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
