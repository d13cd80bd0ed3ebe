// A daemon for the bench: a real process on its own file, and the time from an edit of its source to the result.
// The clock runs from rename() to the first look that finds the new file; looks are a millisecond apart.
import { statSync } from "node:fs";
import { type Daemon, type LogEntry, startDaemon } from "../tests/support/daemon.ts";
import { childrenOf } from "../tests/support/process_tree.ts";
import { temporaryDirectory } from "../tests/support/temporary.ts";
import { CONNECTION_VARIABLE } from "./layers.ts";

/** The times of one reload, in milliseconds. */
export interface ReloadTimes {
  /** From rename() until the snapshot, or the log's line if none is written, was seen. */
  readonly total: number;
  /** From the look's begin to its end as the daemon's log says it; the rest is the event's. */
  readonly inside: number;
}

/** A daemon at work. */
export interface DaemonProcess extends AsyncDisposable {
  /** Its process. */
  readonly pid: number;
  /** From the start of the process until its first snapshot was seen, in milliseconds. */
  readonly coldMilliseconds: number;
  /** Renames the text over the source, and waits for a new snapshot with `mark` in it. */
  edit(text: string, mark: string): Promise<ReloadTimes>;
  /** As `edit`, but without a wait before it and without the times: for many of them. */
  replace(text: string, mark: string): Promise<void>;
  /** Renames a text over the source that changes nothing, and waits until the daemon says so. */
  editNothing(text: string): Promise<ReloadTimes>;
  /** Touches the source, and waits until the daemon says that nothing changed. */
  touch(): Promise<ReloadTimes>;
}

/** The options of a daemon's start. */
export interface DaemonStart {
  /** The source. */
  readonly text: string;
  /** `Section:Key=value`; without any there is neither admin interface nor Redis. */
  readonly settings?: readonly string[];
}

/** Nothing takes longer. */
const LIMIT_MILLISECONDS = 20_000;

/** The log's times are whole milliseconds, and a process's own clock may be off by one. */
const CLOCK_MILLISECONDS = 2;

/** A rename can be two events, and so lead to a second look, which is not to be taken for the next edit's. */
const QUIET_MILLISECONDS = 30;

/** Starts a daemon without debounce and waits for its first snapshot. */
export async function startDaemonProcess({ text, settings = [] }: DaemonStart): Promise<DaemonProcess> {
  const directory = await temporaryDirectory();
  const source = await directory.write("bench.hcl", text);
  await Deno.mkdir(directory.file("snapshots"));
  const snapshot = directory.file("snapshots/bench.json");
  const all = ["ConfigurationWatcher:DebounceMilliseconds=0", "Admin:Socket=", ...settings];
  const sets = all.flatMap((setting) => ["--set", setting]);
  const start = performance.now();
  const daemon = startDaemon(["--config", source, "--snapshot", snapshot, ...sets], {
    env: { [CONNECTION_VARIABLE]: "Host=database" },
  });
  const dispose = async () => {
    await daemon[Symbol.asyncDispose]();
    await directory[Symbol.asyncDispose]();
  };
  try {
    await seen(daemon, 0, () => inodeOf(snapshot) !== null, start);
  } catch (error) {
    await dispose();
    throw error;
  }
  const coldMilliseconds = performance.now() - start;
  await outcomeAfter(daemon, 0, start);
  const prepared = async (next: string) => {
    await Deno.writeTextFile(`${source}.new`, next);
    return () => Deno.renameSync(`${source}.new`, source);
  };
  const renamed = async (rename: () => void, mark: string) => {
    const [old, from] = [inodeOf(snapshot), daemon.entries.length];
    const begun = performance.now();
    rename();
    await seen(daemon, from, () => inodeOf(snapshot) !== old, begun);
    const total = performance.now() - begun;
    if (!(await Deno.readTextFile(snapshot)).includes(mark)) throw new Error(`a snapshot without ${mark}`);
    return { begun, from, total };
  };
  const unchanged = async (act: () => void): Promise<ReloadTimes> => {
    await quiet(daemon);
    const from = daemon.entries.length;
    const begun = performance.now();
    act();
    const { inside, outcome } = await outcomeAfter(daemon, from, begun);
    if (outcome !== "unchanged") throw new Error(`what should change nothing was ${outcome}`);
    return { total: performance.now() - begun, inside };
  };
  return {
    pid: daemon.pid,
    coldMilliseconds,
    async edit(next, mark) {
      const rename = await prepared(next);
      await quiet(daemon);
      const { begun, from, total } = await renamed(rename, mark);
      const { inside } = await outcomeAfter(daemon, from, begun);
      return { total, inside };
    },
    async replace(next, mark) {
      await renamed(await prepared(next), mark);
    },
    editNothing: async (next) => await unchanged(await prepared(next)),
    touch: () =>
      unchanged(() => {
        const now = new Date();
        Deno.utimeSync(source, now, now);
      }),
    [Symbol.asyncDispose]: dispose,
  };
}

/** The resident memory of a process, its parser's included if it has one, in MiB. */
export interface Resident {
  /** Of only the daemon. */
  readonly own: number;
  /** Of all its children. */
  readonly children: number;
}

/** `VmRSS` for now, `VmHWM` for the most so far (proc(5)). */
export async function residentOf(pid: number, field: "VmRSS" | "VmHWM"): Promise<Resident> {
  const children = await Promise.all((await childrenOf(pid)).map((child) => mebibytesOf(child, field)));
  return { own: await mebibytesOf(pid, field), children: children.reduce((sum, one) => sum + one, 0) };
}

/** Nothing if the process has just ended. */
async function mebibytesOf(pid: number, field: string): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0) / 1024;
}

/** How many descriptors a process has open. */
export function descriptorsOf(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

/** Waits for a millisecond. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

/**
 * The identity of the file; null if there is none. An atomic write makes a new one while the old one is still there.
 */
export function inodeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? null;
}

/** Waits until the daemon has said nothing for a moment, which is longer than its last reload took. */
async function quiet({ entries }: Daemon): Promise<void> {
  for (let count = -1; count !== entries.length;) {
    count = entries.length;
    const last = entries.findLast(({ outcome }) => outcome !== undefined);
    const milliseconds = Math.max(QUIET_MILLISECONDS, 1.5 * Number(last?.durationMilliseconds ?? 0));
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}

/** Waits for it, and gives up if a reload failed. */
async function seen(daemon: Daemon, from: number, has: () => boolean, begun: number): Promise<void> {
  while (!has()) {
    const failed = daemon.entries.slice(from).find(({ outcome }) => outcome !== undefined && !isGood(outcome));
    if (failed) throw new Error(`${failed.msg} ${String(failed.diagnostics ?? "")}`);
    inTime(begun, "no new snapshot", daemon);
    await pause();
  }
}

async function outcomeAfter(
  daemon: Daemon,
  from: number,
  begun: number,
): Promise<{ inside: number; outcome: string }> {
  const earliest = performance.timeOrigin + begun - CLOCK_MILLISECONDS;
  for (;;) {
    const entry = daemon.entries.slice(from).find((one) => one.outcome !== undefined && startOf(one) >= earliest);
    if (entry) return { inside: Number(entry.durationMilliseconds), outcome: entry.outcome! };
    inTime(begun, "no word of a reload", daemon);
    await pause();
  }
}

/** When the reload began that an entry tells of, in milliseconds since 1970. */
function startOf({ time, durationMilliseconds }: LogEntry): number {
  return Date.parse(String(time)) - Number(durationMilliseconds);
}

function isGood(outcome: string): boolean {
  return outcome === "activated" || outcome === "unchanged";
}

function inTime(begun: number, what: string, { entries }: Daemon): void {
  if (performance.now() - begun <= LIMIT_MILLISECONDS) return;
  const said = entries.slice(-3).map(({ msg, outcome }) => `${msg} (${outcome ?? "no reload"})`).join("; ");
  throw new Error(`${what} within ${LIMIT_MILLISECONDS} ms; the daemon said last: ${said}`);
}
