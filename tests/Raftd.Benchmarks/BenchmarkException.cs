namespace Raftd.Benchmarks;

/// <summary>The figures cannot be had, or would say nothing; the message says why and what to do.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);
