// A random part of a list, by seed.
import { randomFrom } from "../support/random.ts";

/** At most `size` of the items in a random order; the same seed takes the same ones of the same list. */
export function sampleOf<T>(items: readonly T[], size: number, seed: number): T[] {
  const random = randomFrom(seed);
  const rest = [...items];
  const taken: T[] = [];
  while (taken.length < size && rest.length > 0) {
    const at = random.below(rest.length);
    taken.push(rest[at]!);
    // The last one takes the place of the one that was taken: no item moves up.
    const last = rest.pop()!;
    if (at < rest.length) rest[at] = last;
  }
  return taken;
}
