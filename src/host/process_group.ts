// A program that leads its own session, so that it ends with all that it started: nothing of the session outlives
// `end`, even if it ignores SIGTERM, and `end` does not wait for a descendant that keeps a pipe open. A process that
// made its own session has left: it is a daemon, which its starter meant to leave running.
import { leaveRemovedDirectory, tiedToParent } from "./program_search.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { withinLimit } from "../time/limit.ts";
import { pause } from "../time/pause.ts";
import { runningGroups, type SessionGroups } from "./session.ts";

/** A program, ready to be run. */
export interface Program {
  /** Absolute. */
  readonly path: string;
  /** Without the program's own name. */
  readonly args: readonly string[];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** A running group, and the session that it leads; its starter owns it and ends it. */
export interface ProcessGroup {
  /** The number of the group and of its leader. */
  readonly id: number;
  /** Of the leader. */
  readonly status: Promise<Deno.CommandStatus>;
  /** Resolves when no process can write any more: after the leader's end, if its descendants keep its pipes. */
  readonly outputEnded: Promise<void>;
  /**
   * Ends the rest of its session and closes its pipes: SIGTERM, a grace in milliseconds, SIGKILL. Resolves with the
   * number of processes that ran beside the leader, 0 also if that is unknown. It resolves once nothing of the session
   * runs, or half a second after SIGKILL if the kernel cannot end a process (one that waits for a disk).
   *
   * @param shorter cuts the grace while it lasts.
   */
  end(graceMilliseconds: number, shorter?: ShorterGrace): Promise<number>;
}

/** A reason to shorten a grace. */
export interface ShorterGrace {
  /** Aborts when the grace becomes shorter, perhaps before the grace. */
  readonly signal: AbortSignal;
  /** The longest rest of a grace from then on. */
  readonly graceMilliseconds: number;
}

/** Keeps the ids of running groups, for an end of the process that leaves no time to end each; a `Set` fits. */
export interface GroupOwner {
  /** Called when a group was started. */
  add(id: number): unknown;
  /** Called when it was ended. */
  delete(id: number): unknown;
}

/** A started group, or the errno's name (`E2BIG`) of the refusal. */
export type GroupStart = { readonly ok: true; readonly group: ProcessGroup } | {
  readonly ok: false;
  readonly code: string;
};

/** For a process to die of SIGKILL, and for a pipe to close. */
const KILL_LIMIT_MILLISECONDS = 500;

const NEVER = new AbortController().signal;

/** The beginning of setpriv(1)'s message about a program that the kernel does not execute. */
const SETPRIV_COMPLAINT = "setpriv: failed to execute ";

/** Whether exit code and output mean that the program itself never ran (setpriv(1), exit status). */
export function wasNeverRun(code: number, output: string): boolean {
  return (code === 126 || code === 127) && output.startsWith(SETPRIV_COMPLAINT);
}

/**
 * Starts a program in the root directory with nothing on its standard input.
 *
 * @param onOutput receives the bytes of standard output and standard error, in the order in which they arrive.
 */
export function startGroup(
  program: Program,
  onOutput: (chunk: Uint8Array) => void,
  clock: Clock = systemClock,
): GroupStart {
  // No process ends the group of a daemon that was killed; with util-linux, the kernel ends its leader then.
  const words = tiedToParent([program.path, ...program.args]);
  let child: Deno.ChildProcess;
  try {
    leaveRemovedDirectory();
    child = new Deno.Command(words[0]!, {
      args: words.slice(1),
      clearEnv: true,
      env: program.env,
      cwd: "/",
      // setsid(2): its own session, and so a process group.
      detached: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    return { ok: false, code: (error as { code?: string }).code ?? "an unknown error" };
  }
  return { ok: true, group: groupOf(child, onOutput, clock) };
}

function groupOf(child: Deno.ChildProcess, onOutput: (chunk: Uint8Array) => void, clock: Clock): ProcessGroup {
  const readers = [child.stdout.getReader(), child.stderr.getReader()];
  const outputEnded = Promise.all(readers.map((reader) => pump(reader, onOutput))).then(() => {});
  const id = child.pid;
  let isLeaderGone = false;
  const status = child.status.finally(() => isLeaderGone = true);
  return {
    id,
    status,
    outputEnded,
    async end(graceMilliseconds, shorter) {
      const left = await groupsLeft(id);
      const others = [...left.values()].reduce((sum, count) => sum + count, isLeaderGone ? 0 : -1);
      if (!await isGoneWithin(id, "SIGTERM", graceMilliseconds, clock, shorter)) {
        await isGoneWithin(id, "SIGKILL", KILL_LIMIT_MILLISECONDS, clock);
      } else signalGroup(id, "SIGKILL"); // No look at /proc sees a chain of processes of milliseconds each.
      const closed = readers.map((reader) => reader.cancel());
      await withinLimit(Promise.allSettled([...closed, status, outputEnded]), KILL_LIMIT_MILLISECONDS);
      return Math.max(0, others);
    },
  };
}

async function pump(reader: ReadableStreamDefaultReader<Uint8Array>, take: (chunk: Uint8Array) => void): Promise<void> {
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      take(value);
    }
  } catch {
    // A pipe that cannot be read has no further output.
  }
}

/** Kills the sessions of groups, as far as a short look finds them: for a process that is about to end. */
export async function killSessions(ids: Iterable<number>): Promise<void> {
  const all = [...ids];
  // Before the look, which may fail.
  killGroups(all);
  killGroups((await runningGroups(...all))?.keys() ?? []);
}

/**
 * Kills groups at once, with SIGKILL and without waiting; never throws.
 *
 * @param ids of {@linkcode ProcessGroup}s; one that is gone is skipped.
 * @param send the operating system's unless a test watches it.
 */
export function killGroups(
  ids: Iterable<number>,
  send: (pid: number, signal: Deno.Signal) => void = Deno.kill,
): void {
  for (const id of ids) {
    // kill(2): 0 would be this process's own group, -1 every process there is.
    if (!Number.isSafeInteger(id) || id <= 1) continue;
    try {
      send(-id, "SIGKILL");
    } catch {
      // The group is gone, or another user's; the others must still be killed.
    }
  }
}

/** Signals all of a group; 0 only checks it. False: there is none (kill(2)). */
function signalGroup(id: number, signal: Deno.Signal | 0): boolean {
  try {
    Deno.kill(-id, signal);
    return true;
  } catch (error) {
    // A group that may not be signalled (EPERM: a program with another user's rights) still exists.
    return !(error instanceof Deno.errors.NotFound);
  }
}

/**
 * Returns the running groups of a session. If /proc gives no answer, that is the leader's group: kill(2) gives no count
 * of the processes in it, and takes a zombie for a running one.
 */
async function groupsLeft(session: number): Promise<SessionGroups> {
  return await runningGroups(session) ?? new Map(signalGroup(session, 0) ? [[session, 0]] : []);
}

/**
 * Signals each group of a session once, the leader's at once and without a look at /proc, and others when they are
 * seen; false if some still run at the limit.
 */
async function isGoneWithin(
  session: number,
  signal: Deno.Signal,
  limitMilliseconds: number,
  clock: Clock,
  shorter?: ShorterGrace,
): Promise<boolean> {
  let deadline = clock.now() + limitMilliseconds;
  const shorten = () => {
    deadline = Math.min(deadline, clock.now() + shorter!.graceMilliseconds);
  };
  shorter?.signal.addEventListener("abort", shorten);
  if (shorter?.signal.aborted) shorten();
  signalGroup(session, signal);
  const signalled = new Set([session]);
  try {
    for (let milliseconds = 10;; milliseconds = Math.min(2 * milliseconds, 100)) {
      const groups = await groupsLeft(session);
      if (groups.size === 0) return true;
      for (const group of groups.keys()) {
        if (!signalled.has(group)) signalGroup(group, signal);
        signalled.add(group);
      }
      const left = deadline - clock.now();
      if (left <= 0) return false;
      await pause(Math.min(milliseconds, left), NEVER, clock);
    }
  } finally {
    shorter?.signal.removeEventListener("abort", shorten);
  }
}
