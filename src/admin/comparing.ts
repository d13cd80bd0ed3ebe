// The diffs and plans that requests ask for, one at a time for all routes together: each compiles sources, which a
// reload waits for.
import { withinLimit } from "../time/limit.ts";
import type { AdminLimits } from "./limits.ts";
import { overdue, type Problem, tooMany } from "./problem.ts";

/** The result of the work. */
export type Compared<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** The one place for such work. */
export interface Comparing {
  isBusy(): boolean;
  /** Begins the work if no other is in progress. The signals end it: `unwanted` is that of the request. */
  work<T>(begin: (signal: AbortSignal) => Promise<T>, unwanted: AbortSignal): Promise<Compared<T>>;
}

/** The answer while other work is in progress. */
export const BUSY: Problem = tooMany("Another diff or plan is in progress");

/** Opens the place, in which no work is in progress. */
export function openComparing({ reloadMilliseconds }: Pick<AdminLimits, "reloadMilliseconds">): Comparing {
  let isBusy = false;
  return {
    isBusy: () => isBusy,
    async work(begin, unwanted) {
      if (isBusy) return { ok: false, problem: BUSY };
      const ending = new AbortController();
      isBusy = true;
      // Busy until the work has ended, even if the answer did not wait for that.
      const working = begin(ending.signal).finally(() => isBusy = false);
      working.catch(() => {});
      const done = await withinLimit(working, reloadMilliseconds, unwanted);
      if (done.ok) return done;
      ending.abort();
      return { ok: false, problem: overdue("The sources were not compared", reloadMilliseconds) };
    },
  };
}
