// Pseudo-random numbers from a seed (mulberry32), so that every failing run can be repeated.

/** Random choices; the same seed results in the same ones. */
export interface Random {
  /** A whole number from 0 to `below` - 1. */
  below(limit: number): number;
  /** One of the list's items. */
  pick<T>(items: readonly T[]): T;
}

/** A source of random choices. */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * limit);
  };
  return { below, pick: (items) => items[below(items.length)]! };
}
