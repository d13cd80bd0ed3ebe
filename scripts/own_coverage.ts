// Loaded before the tests: keeps the coverage to what they run in their own process. `deno test --coverage` hands its
// folder down in the environment, and each Deno that a test starts would add what it ran.
Deno.env.delete("DENO_COVERAGE_DIR");
