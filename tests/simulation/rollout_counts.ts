// The outcomes of a run's rollouts, which show that its claims are not empty.

/** Counts of one run. */
export interface RolloutCounts {
  proposed: number;
  /** A proposal took the place of a rollout that was under way. */
  replaced: number;
  done: number;
  /** By a person, and since the candidate failed on a host. */
  aborted: number;
  rolledBack: number;
  halted: number;
  withdrawn: number;
  paused: number;
  /** It waited for an approval, which came. */
  approved: number;
  /** A person went on. */
  promoted: number;
  /** Sources that are late copies, and proposals that an instance of version 0.1 is in the way of. */
  late: number;
  refused: number;
  /** Candidates that came into force on a host, without a person's order and with one. */
  admitted: number;
  ordered: number;
  /** Places in the orders of proposals that hosts which ran for long were found to have. */
  placed: number;
  /** Texts that came from the store. */
  fetched: number;
  /** Moves that came after a quicker one. */
  lost: number;
}

/** The counts at the start. */
export function countRollouts(): RolloutCounts {
  return {
    proposed: 0,
    replaced: 0,
    done: 0,
    aborted: 0,
    rolledBack: 0,
    halted: 0,
    withdrawn: 0,
    paused: 0,
    approved: 0,
    promoted: 0,
    late: 0,
    refused: 0,
    admitted: 0,
    ordered: 0,
    placed: 0,
    fetched: 0,
    lost: 0,
  };
}

/** The counts of several runs together. */
export function sumOfCounts(all: readonly RolloutCounts[]): RolloutCounts {
  const sum = countRollouts();
  for (const one of all) {
    for (const name of Object.keys(sum) as (keyof RolloutCounts)[]) sum[name] += one[name];
  }
  return sum;
}

/** The counts in one line. */
export function countsText(counts: RolloutCounts): string {
  return Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(", ");
}
