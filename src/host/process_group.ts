// A program that leads a session of its own, so that it is ended with what it started: nothing of the session outlives
// `end`, whatever ignores SIGTERM, and no descendant that keeps a pipe open is waited for. A process that made a session
// of its own has left: it is a daemon, which its starter meant to leave behind.
import { leaveRemovedDirectory, tiedToParent } from "./program.ts";
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
  /** The number of the group and of the process that leads it. */
  readonly id: number;
  /** How the leader ended. */
  readonly status: Promise<Deno.CommandStatus>;
  /** Resolves when nobody can write any more: after the leader's end, where its descendants keep its pipes. */
  readonly outputEnded: Promise<void>;
  /**
   * Ends what is left of its session and closes its pipes: SIGTERM, a grace in milliseconds, SIGKILL. Resolves once
   * nothing of it runs, or half a second after SIGKILL if the kernel cannot end a process (one that waits for a disk),
   * with how many processes ran beside the leader; 0 also if that cannot be told.
   *
   * @param hurry what shortens the grace while it lasts.
   */
  end(graceMilliseconds: number, hurry?: Hurry): Promise<number>;
}

/** A reason to give less time than there was to be. */
export interface Hurry {
  /** Aborted when it begins; where it is already, it begins with the grace. */
  readonly signal: AbortSignal;
  /** All that is left of a grace from then on. */
  readonly graceMilliseconds: number;
}

/** Keeps the ids of the groups that run, for an end of the process that leaves no time to end each: a `Set` does. */
export interface GroupOwner {
  /** Takes a group that was started. */
  add(id: number): unknown;
  /** Lets go of one that was ended. */
  delete(id: number): unknown;
}

/** A group that was started; or the errno's name (`E2BIG`), by which it was refused. */
export type GroupStart = { readonly ok: true; readonly group: ProcessGroup } | {
  readonly ok: false;
  readonly code: string;
};

/** How long a process may take to die of SIGKILL, and a closed pipe to be closed. */
const KILL_LIMIT_MILLISECONDS = 500;

const NEVER = new AbortController().signal;

/** How setpriv(1) begins what it says of a program that the kernel does not execute. */
const SETPRIV_COMPLAINT = "setpriv: failed to execute ";

/** Whether an ending and its output tell that the program itself was never run (setpriv(1), exit status). */
export function wasNeverRun(code: number, output: string): boolean {
  return (code === 126 || code === 127) && output.startsWith(SETPRIV_COMPLAINT);
}

/**
 * Starts a program in the root directory with nothing on its standard input.
 *
 * @param onOutput is given what comes on standard output and standard error, in the order in which it arrives.
 */
export function startGroup(
  program: Program,
  onOutput: (chunk: Uint8Array) => void,
  clock: Clock = systemClock,
): GroupStart {
  // Nobody ends the group of a daemon that was killed; where util-linux is there, the kernel ends its leader then.
  const words = tiedToParent([program.path, ...program.args]);
  let child: Deno.ChildProcess;
  try {
    leaveRemovedDirectory();
    child = new Deno.Command(words[0]!, {
      args: words.slice(1),
      clearEnv: true,
      env: program.env,
      cwd: "/",
      // setsid(2): a session of its own, and so a process group.
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
    async end(graceMilliseconds, hurry) {
      const left = await groupsLeft(id);
      const others = [...left.values()].reduce((sum, count) => sum + count, isLeaderGone ? 0 : -1);
      if (!await isGoneWithin(id, "SIGTERM", graceMilliseconds, clock, hurry)) {
        await isGoneWithin(id, "SIGKILL", KILL_LIMIT_MILLISECONDS, clock);
      } else signalGroup(id, "SIGKILL"); // A chain of processes of milliseconds is seen by no look at /proc.
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
    // A pipe that cannot be read has nothing more to say.
  }
}

/** Kills the sessions that groups lead, as far as they are known in a moment: for a process that is about to end. */
export async function killSessions(ids: Iterable<number>): Promise<void> {
  const all = [...ids];
  // At once, whatever becomes of the rest.
  killGroups(all);
  killGroups((await runningGroups(...all))?.keys() ?? []);
}

/**
 * Kills groups at once, with SIGKILL and without waiting for anything; never throws.
 *
 * @param ids of {@linkcode ProcessGroup}s; one that is gone is passed over.
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
      // It is gone, or another user's; the others are still to be killed.
    }
  }
}

/** Signals all of a group, with 0 only asking; false where there is none (kill(2)). */
function signalGroup(id: number, signal: Deno.Signal | 0): boolean {
  try {
    Deno.kill(-id, signal);
    return true;
  } catch (error) {
    // One that may not be signalled (EPERM: a program with another user's rights) is there all the same.
    return !(error instanceof Deno.errors.NotFound);
  }
}

/**
 * Returns the groups of a session that run. If /proc does not tell, that is the leader's group: kill(2) does not tell how
 * many processes run in it, and takes a zombie for one that runs.
 */
async function groupsLeft(session: number): Promise<SessionGroups> {
  return await runningGroups(session) ?? new Map(signalGroup(session, 0) ? [[session, 0]] : []);
}

/**
 * Signals each group of a session once, the leader's at once and without a look at /proc, and others when they are seen;
 * false if some still run at the limit.
 */
async function isGoneWithin(
  session: number,
  signal: Deno.Signal,
  limitMilliseconds: number,
  clock: Clock,
  hurry?: Hurry,
): Promise<boolean> {
  let deadline = clock.now() + limitMilliseconds;
  const shorten = () => {
    deadline = Math.min(deadline, clock.now() + hurry!.graceMilliseconds);
  };
  hurry?.signal.addEventListener("abort", shorten);
  if (hurry?.signal.aborted) shorten();
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
    hurry?.signal.removeEventListener("abort", shorten);
  }
}
