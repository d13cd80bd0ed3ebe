// The journal of a host: activations, refusals and orders, with person and reason, one line each with the digest of the
// line before it. Appending never waits and never fails: lines wait in a bounded queue until they are on the disk.
import { joinedBytes } from "../host/joined_bytes.ts";
import { join } from "node:path";
import { adviceFor, errorCode } from "../host/atomic_write.ts";
import { backoffMilliseconds } from "../time/backoff.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { withinLimit } from "../time/limit.ts";
import { pause } from "../time/pause.ts";
import { hostDisk, type JournalDisk, type JournalFile } from "./journal_disk.ts";
import { fileAges, fileName, KEPT_FILES } from "./journal_files.ts";
import { digestOf, type JournalEntry, type JournalTail, lineBytes } from "./journal_line.ts";
import { repairTail, tailOf } from "./journal_tail.ts";

export interface JournalSettings {
  /** Of the daemon's state; must exist. */
  readonly directory: string;
  /** In milliseconds since 1970. */
  readonly now: () => number;
  /** A larger file is not appended to. */
  readonly maxBytes?: number;
  /** The number of rotated files that are kept. */
  readonly keep?: number;
  /** Of lines that could not be written yet; at least 2. Later ones are counted, and the count becomes a line. */
  readonly maxQueued?: number;
  /** Called with one line when writing begins to fail, and with null when it succeeds again. Must not throw. */
  readonly onTrouble: (line: string | null) => void;
  /** The operating system's unless a test injects faults. */
  readonly disk?: JournalDisk;
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** The journal. Disposing of it tries once more, for a short time, to write the lines that wait. */
export interface Journal extends AsyncDisposable {
  /** Queues an event of this moment. */
  append(entry: JournalEntry): void;
  /** The newest line on the disk; null: none, or the file was not read yet. */
  newest(): JournalTail | null;
  /** Resolves when all lines are on the disk, at the latest after 2 s. */
  flushed(): Promise<void>;
}

const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_QUEUED = 1_000;
const FLUSH_LIMIT_MILLISECONDS = 2_000;
const ENDING_LIMIT_MILLISECONDS = 300;
/** A write that takes longer is reported, and goes on. */
const WRITE_LIMIT_MILLISECONDS = 10_000;

/** Opens the journal in a directory and begins to read its end. */
export function openJournal(settings: JournalSettings): Journal {
  const { clock = systemClock, random = Math.random } = settings;
  const queue = openQueue(settings.maxQueued ?? MAX_QUEUED);
  const chain = openChain(settings, queue);
  const path = join(settings.directory, fileName(0));
  const closing = new AbortController();
  let isFailing = false;
  let running: Promise<void> | null = null;
  const trouble = (why: string) => {
    if (!isFailing) settings.onTrouble(`The journal ${path} cannot be written, and goes on when it can: ${why}`);
    isFailing = true;
  };
  const attempt = async (): Promise<boolean> => {
    try {
      const writing = chain.writeSome();
      const timely = await withinLimit(writing, WRITE_LIMIT_MILLISECONDS);
      if (!timely.ok) trouble("the file system does not answer");
      await writing;
    } catch (error) {
      const code = errorCode(error);
      trouble(`${code}: ${adviceFor(code)}`);
      return false;
    }
    if (isFailing) settings.onTrouble(null);
    isFailing = false;
    return true;
  };
  const run = async () => {
    let failures = 0;
    while (!chain.isOpen() || queue.size() > 0) {
      if (await attempt()) {
        failures = 0;
        continue;
      }
      if (closing.signal.aborted) break;
      await pause(backoffMilliseconds(++failures, random()), closing.signal, clock);
    }
    running = null;
  };
  running = run();
  const within = async (milliseconds: number) => {
    if (running !== null) await withinLimit(running, milliseconds);
  };
  return {
    append(entry) {
      if (closing.signal.aborted) return;
      queue.add(entry, settings.now());
      running ??= run();
    },
    newest: chain.newest,
    flushed: () => within(FLUSH_LIMIT_MILLISECONDS),
    async [Symbol.asyncDispose]() {
      closing.abort();
      await within(ENDING_LIMIT_MILLISECONDS);
    },
  };
}

interface Queued {
  readonly entry: JournalEntry;
  readonly at: number;
  /** The number of events that it counts in their place; 0: it is an event itself. */
  lost: number;
}

interface Queue {
  size(): number;
  add(entry: JournalEntry, at: number): void;
  addFirst(entry: JournalEntry, at: number): void;
  /** The first of them, never one whose count may still grow. */
  first(): readonly Queued[];
  remove(count: number): void;
}

function openQueue(maxQueued: number): Queue {
  const queued: Queued[] = [];
  return {
    size: () => queued.length,
    add(entry, at) {
      if (queued.length < maxQueued) return void queued.push({ entry, at, lost: 0 });
      const last = queued.at(-1)!;
      if (last.lost > 0) last.lost++;
      else queued.push({ entry: { kind: "lost" }, at, lost: 1 });
    },
    addFirst: (entry, at) => void queued.unshift({ entry, at, lost: 0 }),
    // The count grows only while the queue is full, and is then in its second half.
    first: () => queued.slice(0, queued.length < maxQueued ? queued.length : Math.floor(maxQueued / 2)),
    remove: (count) => void queued.splice(0, count),
  };
}

function entryOf({ entry, lost }: Queued): JournalEntry {
  if (lost === 0) return entry;
  return { ...entry, why: `${lost} ${lost === 1 ? "event" : "events"} could not be written` };
}

interface Chain {
  /** Whether the end of the file was read. */
  isOpen(): boolean;
  newest(): JournalTail | null;
  /** Appends the first lines of the queue to the disk and removes them from the queue. */
  writeSome(): Promise<void>;
}

/** Appends to the file. Between two writes the file is closed, so that it may be moved or removed at any time. */
function openChain(settings: JournalSettings, queue: Queue): Chain {
  const { directory, now, maxBytes = MAX_FILE_BYTES, keep = KEPT_FILES, disk = hostDisk } = settings;
  const path = join(directory, fileName(0));
  let newest: JournalTail | null = null;
  /** Of the file after the last write that succeeded; null: not known. */
  let size: number | null = null;
  /** Whether a write began after which nothing is certain. */
  let isTorn = false;

  const findEnd = async (file: JournalFile) => {
    const found = await file.size();
    if (isTorn && size !== null && found > size) await file.truncate(size);
    else if (found !== size) {
      const tail = await repairTail(file);
      const before = tail.newest ?? (size === null ? await tailOfOlder(settings, disk) : null);
      const isCut = newest !== null && (before?.n ?? 0) < newest.n;
      if (!isCut) newest = before;
      const why = isCut ? "The file was cut or removed while the daemon ran" : tail.fault;
      size = tail.size;
      if (why !== null) queue.addFirst({ kind: "recovered", why }, now());
    }
    isTorn = false;
    return size!;
  };
  const append = async (file: JournalFile, bytes: Uint8Array, from: number) => {
    isTorn = true;
    for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
    await file.sync();
    if (from === 0) await disk.syncDirectory(directory);
    size = from + bytes.length;
    isTorn = false;
  };
  return {
    isOpen: () => size !== null,
    newest: () => newest,
    async writeSome() {
      const file = await disk.open(path);
      try {
        const from = await findEnd(file);
        const batch = batchOf(queue.first(), newest, maxBytes - from);
        if (batch.count === 0) return;
        if (from === 0 || from + batch.bytes.length <= maxBytes) {
          await append(file, batch.bytes, from);
          newest = batch.newest;
          queue.remove(batch.count);
          return;
        }
      } finally {
        await file.close();
      }
      await rotate(directory, keep, disk);
      size = 0;
      await disk.syncDirectory(directory);
    },
  };
}

/** The end of the newest rotated file, for a file that is new; null: there is none. */
async function tailOfOlder({ directory }: JournalSettings, disk: JournalDisk): Promise<JournalTail | null> {
  const age = (await fileAges(directory)).find((one) => one > 0);
  if (age === undefined) return null;
  const file = await disk.open(join(directory, fileName(age)));
  try {
    return await tailOf(file);
  } finally {
    await file.close();
  }
}

/** The lines that have room; at least one, if there is any. */
function batchOf(queued: readonly Queued[], newest: JournalTail | null, room: number) {
  const lines: Uint8Array[] = [];
  let length = 0;
  for (const one of queued) {
    const bytes = lineBytes(entryOf(one), one.at, newest);
    if (lines.length > 0 && length + bytes.length + 1 > room) break;
    lines.push(bytes, Uint8Array.of(0x0a));
    length += bytes.length + 1;
    newest = { n: (newest?.n ?? 0) + 1, digest: digestOf(bytes) };
  }
  return { bytes: joinedBytes(lines), newest, count: lines.length / 2 };
}

/** Renames from the oldest file on; an interrupted rotation leaves a gap in the names, which the next one fills. */
async function rotate(directory: string, keep: number, disk: JournalDisk): Promise<void> {
  const ages = new Set(await fileAges(directory));
  let gap = 1;
  while (gap < keep && ages.has(gap)) gap++;
  for (let age = gap; age > 0; age--) {
    await disk.rename(join(directory, fileName(age - 1)), join(directory, fileName(age)));
  }
}
