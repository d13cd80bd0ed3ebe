// Opens the files of the snapshot and its server form as their only writer. The daemon answers nothing before that, so
// a file system that hangs is logged soon and ends the start after a while: the service manager tries again.
import type { Options } from "../options/options.ts";
import type { Logger } from "../telemetry/log.ts";
import type { SnapshotLock } from "../snapshot/snapshot_lock.ts";
import { type OpenedStore, openStore } from "../snapshot/store.ts";
import { withinLimit } from "../time/limit.ts";
import { becomeOnlyWriter } from "./only_writer.ts";

/** The store with its lock, or a reason in one line; `isOption`: an option is wrong, not the host. */
export type SnapshotOpening =
  | OpenedStore & { readonly lock: SnapshotLock }
  | { readonly ok: false; readonly message: string; readonly isOption: boolean };

/** The limits of the wait for the file system. */
export interface OpeningLimits {
  /** Until the warning in the log; longer than the wait for another writer. */
  readonly warnMilliseconds: number;
  /** From the warning until the start is given up: less than the unit's TimeoutStartSec. */
  readonly giveUpMilliseconds: number;
}

const LIMITS: OpeningLimits = { warnMilliseconds: 5_000, giveUpMilliseconds: 30_000 };

/** Takes the locks, verifies the files in force, and sets damaged ones aside. */
export async function openSnapshot(
  options: Pick<Options, "snapshot" | "state">,
  log: Pick<Logger, "information" | "warning">,
  { warnMilliseconds, giveUpMilliseconds }: OpeningLimits = LIMITS,
): Promise<SnapshotOpening> {
  const { path, serverPath } = options.snapshot;
  const opening = open(options, log);
  const soon = await withinLimit(opening, warnMilliseconds);
  if (soon.ok) return soon.value;
  log.warning("The file system of the snapshot does not answer: it is waited for", {
    path,
    serverPath,
    giveUpMilliseconds,
  });
  const late = await withinLimit(opening, giveUpMilliseconds);
  if (late.ok) return late.value;
  const letGo = (opened: SnapshotOpening) => opened.ok && opened.lock[Symbol.dispose]();
  opening.then(letGo, () => {});
  const places = serverPath === null ? path : `${path} or of its server form ${serverPath}`;
  const message = `The file system of the snapshot ${places} does not answer: mend its mount, or name another path`;
  return { ok: false, message, isOption: false };
}

async function open(
  options: Pick<Options, "snapshot" | "state">,
  log: Pick<Logger, "information" | "warning">,
): Promise<SnapshotOpening> {
  // The lock comes first, because the store sets a damaged snapshot aside.
  const writer = await becomeOnlyWriter(options, log);
  if (!writer.ok) return { ...writer, isOption: false };
  const { lock } = writer;
  const opened = await openStore({ ...options.snapshot, lock });
  if (opened.ok) return { ...opened, lock };
  lock[Symbol.dispose]();
  return { ok: false, message: opened.message, isOption: opened.code === "UNKNOWN_GROUP" };
}
