// One image after the other: side by side they would wait for one disk, and the first failure would be hard to find.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
