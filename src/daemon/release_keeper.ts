// Keeps this host's releases: the texts, the list, the reserve and the journal, under the state directory. Nothing here
// stops an activation: a failed write is logged, and made up for later.
import { dirname } from "node:path";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { credentialPath } from "../host/credential.ts";
import type { Options } from "../options/options.ts";
import type { Logger } from "../telemetry/log.ts";
import { historyDirectory, removeStaleHistoryFiles } from "../releases/history_directory.ts";
import { type KeyRingFile, keyRingFile, ringModeTrouble } from "../releases/key_ring.ts";
import { type Journal, openJournal } from "../releases/journal.ts";
import { protectedHashes, reconciled } from "../releases/new_release.ts";
import { type Kept, WRITE_LIMIT_MILLISECONDS } from "../releases/owed_writer.ts";
import { readJournal } from "../releases/read_journal.ts";
import { openReleaseFile, type ReleaseFile } from "../releases/release_file.ts";
import {
  initialReleases,
  type KeptReleases,
  NO_RELEASES,
  type ReleaseLimits,
  type Releases,
  runningRelease,
} from "../releases/release.ts";
import { openReserve, type Reserve } from "../releases/reserve.ts";
import {
  openSourceHistory,
  type ReleaseText,
  type SourceHistory,
  type SourceHistoryOptions,
  type TextRead,
} from "../releases/source_history.ts";
import { MAX_SNAPSHOT_BYTES } from "../snapshot/snapshot.ts";
import { DEFAULT_MAX_BYTES } from "../source/source_file.ts";
import { formatOf } from "../compile.ts";
import { withinLimit } from "../time/limit.ts";
import type { Notifier } from "../cluster/notifier.ts";
import { fetchText } from "./store_sources.ts";

/** The newest lines of the journal that show whether there were releases: each start of the daemon names one. */
const JUDGED_LINES = 1_000;

/** The settings of a keeper. */
export interface ReleaseKeeperSettings {
  readonly options: Pick<Options, "history" | "health" | "hooks" | "state" | "snapshot" | "store">;
  /** Has the directory of the unit's credentials, if there is one. */
  readonly environment: Readonly<Record<string, string>>;
  readonly sourcePath: string | null;
  readonly log: Pick<Logger, "information" | "warning">;
}

/** The releases of a host on its disk. Disposing of it tries for a short time to finish the writes that wait. */
export interface ReleaseKeeper extends AsyncDisposable {
  /** Those that the last process kept, in line with the snapshot in force. */
  readonly releases: Releases;
  readonly texts: Pick<SourceHistory, "text">;
  /** Seals texts; null: none. */
  readonly keyRing: KeyRingFile | null;
  /** The text of an earlier release: this host's, or else the one that the cluster's store has. */
  textOf(hash: string): Promise<TextRead>;
  readonly reserve: Reserve;
  readonly journal: Pick<Journal, "append" | "newest">;
  /** The present troubles of history and journal, in one line each. */
  troubles(): readonly string[];
  /** From now on, a text that this host does not have is taken from the cluster's store. */
  readFrom(store: Pick<Notifier, "source">): void;
  /** Begins to write the releases. Returns at once. */
  record(kept: KeptReleases): void;
  /** Resolves when the releases recorded last are on the disk, or with the failure, after at most 5 s. */
  recorded(): Promise<Kept>;
  /**
   * Writes a text and the releases before the snapshot's rename. Resolves when both are on the disk, or when a failure
   * was logged: the activation goes on then.
   */
  prepare(text: ReleaseText | null, kept: KeptReleases): Promise<void>;
  /** Writes the text of the active snapshot if the history has lost it, or never had it because it is younger. */
  heal(text: ReleaseText | null): Promise<void>;
  /** Removes texts that no release needs any more. */
  tidy(kept: KeptReleases): Promise<void>;
  /** Seals the texts of the history with the newest key, if another one, or none, sealed them. */
  reseal(): Promise<void>;
}

/**
 * Opens the history of a host.
 *
 * @param found the hash of the snapshot that was found in force; null: there is none.
 */
export async function openReleaseKeeper(
  settings: ReleaseKeeperSettings,
  found: string | null,
): Promise<ReleaseKeeper> {
  const { options: { history, state, snapshot }, log } = settings;
  const directory = historyDirectory(state.directory, snapshot.path);
  const { warn, lasting } = openTroubles(log);
  await removeStaleHistoryFiles(directory);
  const file = await openReleaseFile({ directory, onTrouble: warn("The list of releases") });
  const lost = await lostReleases(file, stateDirectoryOf(settings.options));
  if (lost !== null) log.warning(lost);
  const keyRing = await openKeyRing(settings);
  const texts = openTexts(history, { directory, keyRing, onTrouble: warn("The history") });
  const journal = openJournal({
    directory: stateDirectoryOf(settings.options),
    now: Date.now,
    onTrouble: warn("The journal"),
  });
  let recording: Promise<Kept> = Promise.resolve({ ok: true });
  let store: Pick<Notifier, "source"> | null = null;
  let prepared: string | null = null;
  const limits = limitsOf(settings.options);
  const active = found === null ? null : { hash: found, format: formatOf(settings.sourcePath ?? "") };
  const kept = reconciled(file.found ?? NO_RELEASES, active, Date.now(), limits);
  if (kept !== file.found && active !== null) void file.write(kept);
  const running = runningRelease(kept);
  journal.append({ kind: "started", release: running?.number ?? null, hash: running?.hash ?? null });
  return {
    releases: initialReleases(limits, kept),
    texts,
    keyRing,
    async textOf(hash) {
      const own = await texts.text(hash);
      if (own.ok || store === null) return own;
      const fetched = await fetchText(store, hash, keyRing);
      return fetched.ok || own.reason === "missing" ? fetched : own;
    },
    readFrom: (one) => void (store = one),
    reserve: openReserve(directory, MAX_SNAPSHOT_BYTES),
    journal,
    troubles: () => [...lost === null ? [] : [lost], ...lasting()],
    record: (kept) => void (recording = file.write(kept)),
    recorded: () => recording,
    async prepare(text, kept) {
      prepared = text?.hash ?? null;
      if (text !== null) await texts.put(text);
      await file.write(kept);
    },
    async heal(text) {
      if (text === null) return;
      prepared = text.hash;
      // One that an activation has put meanwhile must not be superseded.
      if (!(await texts.text(text.hash)).ok && prepared === text.hash) await texts.put(text);
    },
    async tidy(kept) {
      const ordered = kept.list.map((one) => one.hash).reverse();
      const message = await texts.evict({ pinned: protectedHashes(kept), ordered });
      if (message !== null) log.warning(message);
    },
    reseal: resealerOf(texts, log),
    async [Symbol.asyncDispose]() {
      await Promise.all([texts, file, journal].map((one) => one[Symbol.asyncDispose]()));
    },
  };
}

function openTexts(
  { keep, maxMegabytes }: Options["history"],
  settings: Pick<SourceHistoryOptions, "directory" | "keyRing" | "onTrouble">,
): SourceHistory {
  return openSourceHistory({
    ...settings,
    keep,
    maxBytes: maxMegabytes * 1024 * 1024,
    maxTextBytes: DEFAULT_MAX_BYTES,
  });
}

/** Logs the trouble of each writer, and knows which lasts. */
function openTroubles(log: ReleaseKeeperSettings["log"]) {
  const lasting = new Map<string, string>();
  const warn = (what: string) => (line: string | null) => {
    if (line === null) {
      lasting.delete(what);
      log.information(`${what} can be written again`);
    } else {
      lasting.set(what, line);
      log.warning(line);
    }
  };
  return { warn, lasting: () => [...lasting.values()] };
}

/**
 * Says which part of the list of releases is lost, and with it the rollbacks; null: none. The journal shows that there
 * was a list. It cannot replace the list: it does not say which releases a rollback took back between the two it names.
 */
async function lostReleases(
  { found, trouble, path }: Pick<ReleaseFile, "found" | "trouble" | "path">,
  stateDirectory: string,
): Promise<string | null> {
  const isGone = found === null && trouble === null && await hadReleases(stateDirectory);
  const lost = isGone ? `${terminalText(path)} is gone` : trouble;
  return lost &&
    `The history is not complete: ${lost}. A configuration that was rolled back may come into force again`;
}

/** Whether the journal names a release; false: it does not, or it cannot be read. */
async function hadReleases(stateDirectory: string): Promise<boolean> {
  const reading = readJournal(stateDirectory, { limit: JUDGED_LINES }).catch(() => null);
  const read = await withinLimit(reading, WRITE_LIMIT_MILLISECONDS);
  return read.ok && (read.value?.lines ?? []).some(({ release }) => release !== null);
}

/** Opens the key ring; trouble with it is logged. Null: none is named. */
async function openKeyRing(
  { options: { store }, environment, log }: ReleaseKeeperSettings,
): Promise<KeyRingFile | null> {
  if (store.keyFile === null) return null;
  const keyRing = keyRingFile(credentialPath(store.keyFile, environment));
  const read = await keyRing.read();
  const trouble = read.ok
    ? ringModeTrouble(read.ring)
    : `${read.message}. No source is kept or sent until that is mended`;
  if (trouble !== null) log.warning(trouble);
  return keyRing;
}

/** Makes the function that seals texts again, one pass at a time, and says once why it cannot. */
function resealerOf(
  texts: Pick<SourceHistory, "reseal">,
  log: ReleaseKeeperSettings["log"],
): ReleaseKeeper["reseal"] {
  let running: Promise<void> | null = null;
  let trouble: string | null = null;
  const reseal = async () => {
    const { count, message } = await texts.reseal();
    if (count > 0) log.information("Sources of the history were sealed again, with the newest key", { count });
    if (message !== null && message !== trouble) log.warning(message);
    trouble = message;
  };
  return () => running ??= reseal().finally(() => running = null);
}

/** The directory of the state. */
export function stateDirectoryOf({ state, snapshot }: Pick<Options, "state" | "snapshot">): string {
  return state.directory ?? dirname(snapshot.path);
}

function limitsOf({ history, health, hooks }: ReleaseKeeperSettings["options"]): ReleaseLimits {
  const isChecked = hooks.list.some((hook) => hook.on === "health");
  return {
    keep: history.keep,
    health: isChecked
      ? {
        bakeMilliseconds: health.bakeSeconds * 1000,
        intervalMilliseconds: health.intervalSeconds * 1000,
        failures: health.failures,
        onFailure: health.onFailure,
      }
      : null,
  };
}
