// Puts the text of the fleet's agreed release and its approvals into the store once a day: the store forgets them after
// 30 days. A host without a file needs the text however old the release is, and a new host needs the approvals.
import type { Notifier } from "../cluster/notifier.ts";
import type { PutSourceAnswer } from "../cluster/stored_source.ts";
import type { Logger } from "../telemetry/log.ts";
import { type Clock, systemClock } from "../time/clock.ts";

/** The parts of a renewal. */
export interface TextRenewalParts {
  /** The hash that this host and its fleet agree on; null: none, or that is not known now. */
  agreed(): string | null;
  put(hash: string): Promise<PutSourceAnswer>;
  readonly log: Pick<Logger, "warning">;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** In [0, 1). */
  random?(): number;
}

/** Soon after the start, since a host that is restarted every day must renew too; hosts start together. */
const FIRST_MILLISECONDS = 60_000;
/** Each host does it, so that of 30 days none passes without one. */
const EVERY_MILLISECONDS = 24 * 3_600_000;
/** After a failure, or while nothing is agreed on. */
const RETRY_MILLISECONDS = 3_600_000;

/** Begins to renew; disposing of it ends that. */
export function renewTexts(
  { agreed, put, log, clock = systemClock, random = Math.random }: TextRenewalParts,
): Disposable {
  let cancel = () => {};
  let isClosed = false;
  const arm = (milliseconds: number) => {
    if (!isClosed) cancel = clock.schedule(milliseconds * (1 + random()), () => void renew());
  };
  const renew = async () => {
    const hash = agreed();
    if (hash === null) return arm(RETRY_MILLISECONDS);
    const answer = await put(hash);
    if (!answer.ok && !isClosed) log.warning(`The release in Redis could not be renewed: ${answer.reason}`);
    arm(answer.ok ? EVERY_MILLISECONDS : RETRY_MILLISECONDS);
  };
  arm(FIRST_MILLISECONDS);
  return {
    [Symbol.dispose]() {
      isClosed = true;
      cancel();
    },
  };
}

/** Puts the approvals that the store has of a hash there again. */
export async function renewApprovals(
  store: Pick<Notifier, "approvals" | "putApproval">,
  hash: string,
): Promise<PutSourceAnswer> {
  const found = await store.approvals(hash);
  if (!found.ok) return found;
  for (const signature of found.signatures) {
    const put = await store.putApproval(hash, signature);
    if (!put.ok) return put;
  }
  return { ok: true };
}
