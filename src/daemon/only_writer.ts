// Makes this process the only writer of the snapshot, its server form and the state directory. Another writer gets a
// short time to end; after that the start is refused.
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../telemetry/log.ts";
import type { Options } from "../options/options.ts";
import { lockOf, type LockTaken, type SnapshotLock, snapshotLock } from "../snapshot/snapshot_lock.ts";
import { withinLimit } from "../time/limit.ts";
import { statePath } from "./state_file.ts";

/** The lock, or a line that says which process has it. */
export type OnlyWriter =
  | { readonly ok: true; readonly lock: SnapshotLock }
  | { readonly ok: false; readonly message: string };

/** A daemon that stops ends within 2 s. */
const WAIT_LIMIT_MILLISECONDS = 3_000;
const WAIT_STEP_MILLISECONDS = 100;

/** A file system of the state that hangs must not hold the snapshot up. */
const STATE_LIMIT_MILLISECONDS = 1_000;

/**
 * Takes the locks of the snapshot, of its server form and of the state. If one cannot be taken for any other reason
 * than another holder, such as a missing directory, the first write tries again.
 */
export async function becomeOnlyWriter(
  { snapshot: { path, serverPath }, state }: Pick<Options, "snapshot" | "state">,
  log: Pick<Logger, "information" | "warning">,
): Promise<OnlyWriter> {
  const server = serverPath === null ? [] : [snapshotLock(serverPath, { name: "server form" })];
  const lock = lockOf([snapshotLock(path), ...server, stateLock(statePath(state.directory, path))]);
  const steps = WAIT_LIMIT_MILLISECONDS / WAIT_STEP_MILLISECONDS;
  for (let step = 0;; step++) {
    const taken = await lock.take();
    if (taken.ok && taken.lockWarning !== null) log.warning(taken.lockWarning);
    if (taken.ok || taken.code !== "LOCKED") return { ok: true, lock };
    if (step === steps) {
      lock[Symbol.dispose]();
      return { ok: false, message: taken.message };
    }
    const files = { path, serverPath, stateDirectory: state.directory };
    if (step === 0) log.information("Another process writes one of the files: its end is waited for", files);
    await delay(WAIT_STEP_MILLISECONDS);
  }
}

/**
 * The lock of a state directory, which has history, journal and state file of one daemon. Only another holder counts:
 * no other trouble with the state keeps a snapshot from being written.
 */
function stateLock(path: string): SnapshotLock {
  const lock = snapshotLock(path, { name: "state file", advice: "end it, or set another State:Directory" });
  let taking: Promise<LockTaken> | null = null;
  return {
    async take() {
      // A second attempt beside one that hangs would find this process itself as the holder.
      taking ??= lock.take().finally(() => taking = null);
      const taken = await withinLimit(taking, STATE_LIMIT_MILLISECONDS);
      return taken.ok && (taken.value.ok || taken.value.code === "LOCKED")
        ? taken.value
        : { ok: true, lockWarning: null };
    },
    [Symbol.dispose]: () => lock[Symbol.dispose](),
  };
}
