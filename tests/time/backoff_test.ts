// Bounds of the backoff, with any attempt and any jitter.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { backoffMilliseconds, retryBackoff } from "../../src/time/backoff.ts";

const jitter = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

Deno.test("a retry waits up to a second first, doubles, and never waits more than a minute", () => {
  const longest = [1, 2, 3, 6, 7, 8, 2_000].map((attempt) => backoffMilliseconds(attempt, 1));
  assertEquals(longest, [1_000, 2_000, 4_000, 32_000, 60_000, 60_000, 60_000]);
});

Deno.test("jitter takes away at most half of a wait and never adds to it", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 5_000 }), jitter, (attempt, random) => {
    const longest = backoffMilliseconds(attempt, 1);
    const wait = backoffMilliseconds(attempt, random);
    assert(wait >= longest / 2 && wait <= longest, `${wait} of ${longest}`);
    assert(Number.isSafeInteger(wait) && wait <= retryBackoff.capMilliseconds);
  }));
});

Deno.test("a wait is half of its maximum, and as much of the other half as the jitter says, in whole milliseconds", () => {
  const backoff = { firstMilliseconds: 250, capMilliseconds: 5_000 };
  const waits = [[1, 0], [1, 0.5], [1, 1], [2, 0], [5, 0.25], [6, 0], [6, 1]] as const;
  assertEquals(
    waits.map(([attempt, random]) => backoffMilliseconds(attempt, random, backoff)),
    [125, 188, 250, 250, 2_500, 2_500, 5_000],
  );
});
