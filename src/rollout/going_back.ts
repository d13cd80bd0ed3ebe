// Whether a rollback without a number means the change that this host runs: during and after a rollout a person means
// the rollout, and a host that never ran its candidate would take back the stable release.
import type { Rollouts } from "./rollouts.ts";

const FURTHER = "to take back the release of this host, name the release to go to, from honua-configd history";

/**
 * Returns why a rollback of the fleet needs a number, in one line with advice; null: it does not.
 *
 * @param active the hash in force; null: none.
 */
export function rollbackObjection(
  { candidate, view }: Pick<Rollouts, "candidate" | "view">,
  active: string | null,
): string | null {
  // Known also while Redis is away.
  if (candidate !== null && candidate !== active) {
    const what = `A rollout of ${
      candidate.slice(0, 12)
    } is under way, as far as is known, and this host does not run it`;
    return `${what}: honua-configd rollback ends it while Redis can be reached; ${FURTHER}`;
  }
  const last = view?.stored?.rollout;
  if (last?.phase !== "rolled-back" || view?.head?.hash !== last.base || active !== last.base) return null;
  const why = last.why === null ? "" : ` (${last.why})`;
  return `The rollout of ${last.hash.slice(0, 12)} was rolled back already${why}; ${FURTHER}`;
}
