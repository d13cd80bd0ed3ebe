// A fuzz run as a test: its seed is random unless `HONUA_FUZZ_SEED` is set, and is printed first.

/** How the test differs from others. */
export interface FuzzTestOptions {
  /**
   * Whether hcl2json runs in this process and not in one of its own. The Go runtime inside it sets its own timers
   * and leaves one behind now and then, so its leftovers are not checked.
   */
  readonly runsGo: boolean;
}

/** Registers the test. */
export function fuzzTest(name: string, { runsGo }: FuzzTestOptions, run: (seed: number) => Promise<void>): void {
  const fn = async () => {
    const seed = Number(Deno.env.get("HONUA_FUZZ_SEED") ?? Math.floor(Math.random() * 2 ** 31));
    console.log(`HONUA_FUZZ_SEED=${seed}`);
    await run(seed);
  };
  Deno.test({ name, sanitizeOps: !runsGo, sanitizeResources: !runsGo, fn });
}
