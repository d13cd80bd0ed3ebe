// Loaded before the tests, to limit the coverage to their own process. `deno test --coverage` passes its folder on in
// the environment, and each Deno that a test starts would add its own coverage.
Deno.env.delete("DENO_COVERAGE_DIR");
