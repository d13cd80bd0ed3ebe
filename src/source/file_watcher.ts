// Every change of a set of files ends in a hint, also through symbolic links, replaced directories, and names that do
// not exist yet. An event is only a reason to look, and a look compares the present state of the files. So a lost event
// costs at most one poll, and a neighbour's change gives no hint.
import { basename, dirname } from "node:path";
import { type Alignment, type DirectoryWatches, directoryWatches } from "./directory_watches.ts";
import { eventWatch, type FileSystemEvent, type WatchDirectory } from "./event_watch.ts";
import { type Lookup, tracePath } from "./path_trace.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { withinLimit } from "../time/limit.ts";
import { type FileIdentity, identifyFile } from "./source_file.ts";

/** The reason of a hint: an event named the file, a look after an event found a change, or a poll found one. */
export type ChangeSign = "event" | "change" | "poll";

/** The callbacks must not throw. */
export interface FileWatcherOptions {
  /** Whether to ask the file system for events. */
  readonly events: boolean;
  /** The interval of comparing the files; 0: never, except while events are wanted and fail. */
  readonly pollMilliseconds: number;
  /** Receives a path, as it was given, that must be read again. Several calls may come for one change. */
  readonly onHint: (path: string, reason: ChangeSign) => void;
  /** Events fail; polls continue, and so do attempts to watch. Called once until `onRecovered`. */
  readonly onTrouble: (reason: string) => void;
  /** Called when events come again. */
  readonly onRecovered?: () => void;
  /** Default: Deno's events. */
  readonly watchDirectory?: WatchDirectory;
  /** Default: `identifyFile`. Must not throw. */
  readonly identify?: (path: string) => Promise<FileIdentity>;
  /** A look that takes longer is trouble. Default: 10 s. */
  readonly lookLimitMilliseconds?: number;
  /** Default: the monotonic clock of this process. */
  readonly clock?: Clock;
}

/** The shortest time between two looks after events, so that a busy neighbour costs little. */
const LOOK_GAP_MILLISECONDS = 100;
/** The wait before watching again after a first failure, if there are no polls; it doubles with each further one. */
const FIRST_RETRY_MILLISECONDS = 1_000;
const LONGEST_RETRY_MILLISECONDS = 60_000;
/**
 * Only one of this many polls traces the way to each file, because each directory on it costs a wake-up of an idle
 * process. The other polls see any change of the target, and that a file is no longer the one whose directory is
 * watched.
 */
const POLLS_PER_TRACE = 6;
/** If directories still come and go after this many rounds, a look leaves the rest to the next one. */
const MAX_ALIGNMENTS = 8;
const LOOK_LIMIT_MILLISECONDS = 10_000;
/** The limit of closing, for a look that hangs in a file system. */
const CLOSE_LIMIT_MILLISECONDS = 1_000;

/** The state of a watcher. One look runs at a time. */
interface Watcher {
  readonly options: FileWatcherOptions & Required<Pick<FileWatcherOptions, "identify" | "clock">>;
  readonly directories: DirectoryWatches;
  /** The state of each file at the last comparison. */
  readonly identities: Map<string, FileIdentity>;
  /** For each directory the names that are looked up in it, and the given paths that depend on each name. */
  names: Map<string, Map<string, Set<string>>>;
  /** The last failure to watch; null: events come. */
  trouble: { readonly retryAt: number; readonly retryMilliseconds: number } | null;
  looking: Promise<void> | null;
  lookAgain: ChangeSign | null;
  nextLookAt: number;
  pollsSinceTrace: number;
  cancelLook: () => void;
  cancelTick: () => void;
  closed: boolean;
  readonly closing: AbortController;
}

/**
 * Watches files; each may be missing and may be a symbolic link. Every change after the promise resolved gives a hint,
 * so a caller that reads the files after that misses none. Disposing it closes all watchers and timers; no
 * callback runs afterwards.
 */
export async function watchFiles(paths: Iterable<string>, options: FileWatcherOptions): Promise<AsyncDisposable> {
  const { watchDirectory = eventWatch(), identify = identifyFile, clock = systemClock } = options;
  const directories = directoryWatches(
    watchDirectory,
    (directory, event) => takeEvent(watcher, directory, event),
    (reason) => {
      noteFailure(watcher, reason);
      requestLook(watcher, "change");
    },
  );
  const watcher: Watcher = {
    options: { ...options, identify, clock },
    directories,
    identities: new Map(Array.from(paths, (path) => [path, ""])),
    names: new Map(),
    trouble: null,
    looking: null,
    lookAgain: null,
    nextLookAt: -Infinity,
    pollsSinceTrace: 0,
    cancelLook: () => {},
    cancelTick: () => {},
    closed: false,
    closing: new AbortController(),
  };
  let closing: Promise<void> | null = null;
  // The first look has no state to compare with: it only records the present one.
  if (options.events || options.pollMilliseconds > 0) {
    const { looking, inTime } = startLook(watcher, null);
    // It records the state too late: a file that was read before that must be read again.
    if (!await inTime) void looking.then(() => hintAll(watcher));
  }
  return { [Symbol.asyncDispose]: () => closing ??= closeWatcher(watcher) };
}

function hintAll(watcher: Watcher): void {
  for (const path of watcher.identities.keys()) if (!watcher.closed) watcher.options.onHint(path, "poll");
}

async function closeWatcher(watcher: Watcher): Promise<void> {
  watcher.closed = true;
  watcher.closing.abort();
  watcher.cancelLook();
  watcher.cancelTick();
  let cancelLimit = () => {};
  const limit = new Promise<void>((resolve) => {
    cancelLimit = watcher.options.clock.schedule(CLOSE_LIMIT_MILLISECONDS, resolve);
  });
  await Promise.race([Promise.all([watcher.directories.close(), watcher.looking]), limit]);
  cancelLimit();
}

/**
 * Hints at once if an event names a name on the way to a file, and requests a look in any case, for changes that the
 * event does not name. So one edit may give two hints, a millisecond apart. The second one is not left out: the state
 * that the look compares may be younger than the event, and two writes within one tick of the file system's clock leave
 * equal times.
 */
function takeEvent(watcher: Watcher, directory: string, event: FileSystemEvent): void {
  for (const path of event.paths) {
    // The directory itself was removed, moved or only chmodded. Its watcher may give no events from now on.
    if (path === directory) watcher.directories.forget(directory);
    if (dirname(path) !== directory) continue;
    for (const file of watcher.names.get(directory)?.get(basename(path)) ?? []) watcher.options.onHint(file, "event");
  }
  requestLook(watcher, "change");
}

/** Begins a look now, or after the one in progress and the gap after it. */
function requestLook(watcher: Watcher, reason: ChangeSign): void {
  if (watcher.closed || watcher.lookAgain !== null) return;
  const wait = watcher.nextLookAt - watcher.options.clock.now();
  if (watcher.looking === null && wait <= 0) {
    startLook(watcher, reason);
    return;
  }
  watcher.lookAgain = reason;
  if (watcher.looking === null) scheduleLook(watcher, wait);
}

function scheduleLook(watcher: Watcher, milliseconds: number): void {
  const begin = () => void startLook(watcher, watcher.lookAgain);
  watcher.cancelLook = watcher.options.clock.schedule(milliseconds, begin);
}

function startLook(watcher: Watcher, reason: ChangeSign | null): { looking: Promise<void>; inTime: Promise<boolean> } {
  watcher.cancelLook();
  watcher.cancelTick();
  watcher.lookAgain = null;
  const looking = look(watcher, reason)
    .catch((error: Error) => noteFailure(watcher, error.message))
    .finally(() => {
      watcher.looking = null;
      if (watcher.closed) return;
      watcher.nextLookAt = watcher.options.clock.now() + LOOK_GAP_MILLISECONDS;
      if (watcher.lookAgain !== null) scheduleLook(watcher, LOOK_GAP_MILLISECONDS);
      scheduleTick(watcher);
    });
  watcher.looking = looking;
  return { looking, inTime: reportIfLate(watcher, looking) };
}

/** No other look begins before the present one has ended, so at most one hangs. */
async function reportIfLate(watcher: Watcher, looking: Promise<void>): Promise<boolean> {
  const { options: { lookLimitMilliseconds = LOOK_LIMIT_MILLISECONDS }, closing } = watcher;
  const { ok } = await withinLimit(looking, lookLimitMilliseconds, closing.signal);
  if (!ok) noteFailure(watcher, "the file system of a watched file does not answer");
  return ok;
}

/** Schedules the next poll or, if there are no polls, the next attempt to watch. */
function scheduleTick(watcher: Watcher): void {
  const { pollMilliseconds, clock } = watcher.options;
  const wait = pollMilliseconds || (watcher.trouble && watcher.trouble.retryAt - clock.now());
  if (wait !== null) watcher.cancelTick = clock.schedule(Math.ceil(wait), () => requestLook(watcher, "poll"));
}

/** First updates the watches, then compares the files, so that one of the two sees each change in between. */
async function look(watcher: Watcher, reason: ChangeSign | null): Promise<void> {
  const { events, identify, onHint } = watcher.options;
  if (events && isTraceDue(watcher, reason)) await alignDirectories(watcher);
  let hasMissedEvent = false;
  for (const [path, before] of watcher.identities) {
    const now = await identify(path);
    if (watcher.closed) return;
    watcher.identities.set(path, now);
    if (reason === null || now === before) continue;
    onHint(path, reason);
    hasMissedEvent ||= events && reason === "poll";
  }
  // No event came: it was lost, or the runtime stopped watching without an error. Opening again is cheap and cures
  // both.
  if (hasMissedEvent) {
    for (const directory of watcher.names.keys()) watcher.directories.forget(directory);
    requestLook(watcher, "change");
  }
}

function isTraceDue(watcher: Watcher, reason: ChangeSign | null): boolean {
  watcher.pollsSinceTrace += 1;
  if (reason === "poll" && watcher.trouble === null && watcher.pollsSinceTrace < POLLS_PER_TRACE) return false;
  watcher.pollsSinceTrace = 0;
  return true;
}

async function alignDirectories(watcher: Watcher): Promise<void> {
  const { trouble, options: { clock } } = watcher;
  const mayOpen = trouble === null || clock.now() >= trouble.retryAt;
  let alignment: Alignment = { isFresh: true, failure: null };
  for (let round = 0; round < MAX_ALIGNMENTS && alignment.isFresh && alignment.failure === null; round++) {
    const wanted = await traceFiles(watcher);
    if (watcher.closed) return;
    alignment = await watcher.directories.align(wanted, mayOpen);
    if (watcher.closed) return;
  }
  if (!mayOpen) return;
  if (alignment.failure !== null) noteFailure(watcher, alignment.failure);
  else if (watcher.trouble !== null) {
    watcher.trouble = null;
    watcher.options.onRecovered?.();
  }
}

/** Follows every path again. Returns the directories to watch with the identity of each. */
async function traceFiles(watcher: Watcher): Promise<Map<string, string>> {
  const wanted = new Map<string, string>();
  const names: Watcher["names"] = new Map();
  for (const path of watcher.identities.keys()) {
    const { lookups } = await tracePath(path);
    for (const lookup of lookups) {
      wanted.set(lookup.directory, lookup.directoryIdentity);
      if (lookup.kind !== "directory") dependOn(names, lookup, path);
    }
  }
  watcher.names = names;
  return wanted;
}

function dependOn(names: Watcher["names"], lookup: Lookup, path: string): void {
  const inDirectory = names.get(lookup.directory) ?? new Map<string, Set<string>>();
  names.set(lookup.directory, inDirectory);
  inDirectory.set(lookup.name, (inDirectory.get(lookup.name) ?? new Set()).add(path));
}

function noteFailure(watcher: Watcher, reason: string): void {
  if (watcher.closed) return;
  const { options: { clock, onTrouble, pollMilliseconds }, trouble } = watcher;
  const retryMilliseconds = trouble === null
    ? pollMilliseconds || FIRST_RETRY_MILLISECONDS
    : Math.min(trouble.retryMilliseconds * 2, Math.max(LONGEST_RETRY_MILLISECONDS, pollMilliseconds));
  watcher.trouble = { retryAt: clock.now() + retryMilliseconds, retryMilliseconds };
  if (trouble === null) onTrouble(reason);
}
