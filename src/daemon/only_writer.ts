// Makes this process the only writer of the snapshot. Another writer gets a short time to end; after that the start is
// refused.
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../process/log.ts";
import { type SnapshotLock, snapshotLock } from "../snapshot/snapshot_lock.ts";

/** The lock, or in one line why another process has it. */
export type OnlyWriter =
  | { readonly ok: true; readonly lock: SnapshotLock }
  | { readonly ok: false; readonly message: string };

/** A daemon that is stopped is gone within 2 s. */
const WAIT_LIMIT_MILLISECONDS = 3_000;
const WAIT_STEP_MILLISECONDS = 100;

/**
 * Takes the lock of the snapshot. Where it cannot be taken for another reason than another holder, such as a directory
 * that is missing, the first write tries again.
 */
export async function becomeOnlyWriter(
  path: string,
  log: Pick<Logger, "information" | "warning">,
): Promise<OnlyWriter> {
  const lock = snapshotLock(path);
  const steps = WAIT_LIMIT_MILLISECONDS / WAIT_STEP_MILLISECONDS;
  for (let step = 0;; step++) {
    const taken = await lock.take();
    if (taken.ok && taken.unlockable !== null) log.warning(taken.unlockable);
    if (taken.ok || taken.code !== "LOCKED") return { ok: true, lock };
    if (step === steps) return { ok: false, message: taken.message };
    if (step === 0) log.information("Another process writes the snapshot: its end is waited for", { path });
    await delay(WAIT_STEP_MILLISECONDS);
  }
}
