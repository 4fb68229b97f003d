"""Public intent benchmarks and other ways to understand, beside ours."""
