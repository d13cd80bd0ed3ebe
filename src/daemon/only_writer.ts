// Makes this process the only writer of the snapshot and its server form. Another writer gets a short time to end;
// after that the start is refused.
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../telemetry/log.ts";
import type { Options } from "../options/options.ts";
import { lockOf, type SnapshotLock, snapshotLock } from "../snapshot/snapshot_lock.ts";

/** The lock, or a line that says which process has it. */
export type OnlyWriter =
  | { readonly ok: true; readonly lock: SnapshotLock }
  | { readonly ok: false; readonly message: string };

/** A daemon that stops ends within 2 s. */
const WAIT_LIMIT_MILLISECONDS = 3_000;
const WAIT_STEP_MILLISECONDS = 100;

/**
 * Takes the locks of the snapshot and of its server form. If one cannot be taken for any other reason than another
 * holder, such as a missing directory, the first write tries again.
 */
export async function becomeOnlyWriter(
  { path, serverPath }: Pick<Options["snapshot"], "path" | "serverPath">,
  log: Pick<Logger, "information" | "warning">,
): Promise<OnlyWriter> {
  const server = serverPath === null ? [] : [snapshotLock(serverPath, { name: "server form" })];
  const lock = lockOf([snapshotLock(path), ...server]);
  const steps = WAIT_LIMIT_MILLISECONDS / WAIT_STEP_MILLISECONDS;
  for (let step = 0;; step++) {
    const taken = await lock.take();
    if (taken.ok && taken.lockWarning !== null) log.warning(taken.lockWarning);
    if (taken.ok || taken.code !== "LOCKED") return { ok: true, lock };
    if (step === steps) {
      lock[Symbol.dispose]();
      return { ok: false, message: taken.message };
    }
    const files = { path, serverPath };
    if (step === 0) log.information("Another process writes one of the files: its end is waited for", files);
    await delay(WAIT_STEP_MILLISECONDS);
  }
}
