// Runs the judge where it can be killed (a process of its own), with a limit of time and memory for each request, and
// ends it when it has been idle, so that nothing of it stays resident. Whatever happens to it, the daemon lives.
import { tiedToParent } from "../host/program.ts";
import { readFrames, writeFrame } from "./frames.ts";
import type { ParseReply, ParseRequest, Verdict } from "./hcl.ts";
import { residentBytes, watchMemory } from "./resident_memory.ts";

/** The hidden command of main.ts that becomes the parser. */
export const PARSER_COMMAND = "hcl-parser";

/** Limits of one request, and how long an idle process is kept. */
export interface ParserLimits {
  /** How long one request may take once the process is at it; its start does not count, which a busy host delays. */
  readonly timeMilliseconds: number;
  /** How much memory the process may have resident. */
  readonly memoryBytes: number;
  /** How long the process waits for another request before it is ended; 0 ends it behind each. */
  readonly idleMilliseconds: number;
}

type RequestLimits = Pick<ParserLimits, "timeMilliseconds" | "memoryBytes">;

/** What a load may cost at most: see the limits named in ARCHITECTURE.md. */
export const DEFAULT_LIMITS: ParserLimits = {
  timeMilliseconds: 5_000,
  memoryBytes: 512 * 1024 * 1024,
  idleMilliseconds: 5_000,
};

/** Verdicts on all texts; or which limit was exceeded, and the index of the text (or batch of texts) it was at. */
export type Judgement =
  | { readonly ok: true; readonly verdicts: readonly Verdict[] }
  | { readonly ok: false; readonly reason: "time" | "memory" | "crash"; readonly at: number };

/** Judges texts, one request at a time; disposing of it ends the process. */
export interface Parser extends AsyncDisposable {
  /**
   * Never rejects but with the signal's reason: what happens to the process is part of the judgement. `limitMilliseconds`
   * is for who has used some of the limit before; at most the limit itself.
   */
  judge(texts: readonly string[], signal?: AbortSignal, limitMilliseconds?: number): Promise<Judgement>;
  /** Starts the process, if none runs, so that a request that is expected soon need not wait for it. */
  warm(): void;
  /** Kills the process at once and for good, for a program that ends without disposing. */
  kill(): void;
}

/** How long the process may take to start; only a host that is out of its depth takes longer. */
const START_LIMIT_MILLISECONDS = 30_000;

/** A process that has grown beyond this is not kept for the next request: WebAssembly memory never shrinks. */
const RECYCLE_BYTES = 256 * 1024 * 1024;

interface Child {
  readonly process: Deno.ChildProcess;
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly replies: AsyncGenerator<unknown>;
}

/**
 * A parser that starts its process with the first request.
 *
 * @example
 * ```ts
 * await using parser = openParser();
 * const judgement = await parser.judge(['x = env("HOME")\n']);
 * // { ok: true, verdicts: [{ value: { x: '${env("HOME")}' } }] }
 * ```
 */
export function openParser(limits: ParserLimits = DEFAULT_LIMITS, command = parserCommand): Parser {
  let child: Child | null = null;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;

  const end = async (): Promise<void> => {
    const ending = child;
    child = null;
    if (ending) await endChild(ending);
  };

  /** Starts a process if none runs; null where that is refused, for want of memory, descriptors or a place to be. */
  const start = (): Child | null => {
    clearTimeout(idleTimer);
    try {
      if (child) return child;
      const started = child = startChild(command());
      // One that dies while nobody asks it anything must not be asked again.
      started.process.status.then(() => child === started && void end());
      return started;
    } catch {
      return null;
    }
  };

  const rest = (): void => void (idleTimer = unrefTimeout(end, limits.idleMilliseconds));

  const judgeNow = async (texts: readonly string[], within: RequestLimits, signal?: AbortSignal) => {
    for (let attempt = 1;; attempt++) {
      signal?.throwIfAborted();
      if (closed) throw new Error("judge texts: the parser is closed");
      const wasRunning = child !== null;
      const current = start();
      if (!current) return { ok: false, reason: "crash", at: 0 } as const;
      const judgement = await request(current, texts, within, signal);
      if (judgement.ok && limits.idleMilliseconds > 0) rest();
      else await end();
      signal?.throwIfAborted();
      // A process that was idle may have been killed for reasons of its own (SIGHUP to the group, no memory).
      if (judgement.ok || judgement.reason !== "crash" || !wasRunning || attempt > 1) return judgement;
    }
  };

  return {
    judge(texts, signal, limitMilliseconds = limits.timeMilliseconds) {
      const within = { ...limits, timeMilliseconds: Math.min(limitMilliseconds, limits.timeMilliseconds) };
      const result = queue.then(() => judgeNow(texts, within, signal));
      // Nobody waits for that but the next request.
      queue = result.then(async () => {
        const measured = child;
        if (measured !== null && await hasGrown(measured) && measured === child) await end();
      }, () => {});
      return result;
    },
    warm() {
      if (!closed && child === null && limits.idleMilliseconds > 0 && start()) rest();
    },
    kill() {
      closed = true;
      if (child) killChild(child);
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      clearTimeout(idleTimer);
      await end();
      await queue;
    },
  };
}

/** A timer that keeps no process from ending. */
function unrefTimeout(callback: () => void, milliseconds: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(callback, milliseconds);
  Deno.unrefTimer(timer as unknown as number);
  return timer;
}

/** This program again, as the parser. Only what Deno itself needs of the environment goes along: no secret does. */
function parserCommand(): Deno.Command {
  const main = new URL("../../main.ts", import.meta.url);
  const run = ["run", "--quiet", "--no-prompt", "--allow-read", "--allow-env", main.href];
  const env: Record<string, string> = {};
  for (const name of ["HOME", "PATH", "DENO_DIR", "DENO_TLS_CA_STORE", "XDG_CACHE_HOME", "TMPDIR"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  const args = Deno.build.standalone ? [PARSER_COMMAND] : [...run, PARSER_COMMAND];
  const program = [Deno.execPath(), ...args];
  // While it parses it cannot see that its parent is gone; where util-linux is there, the kernel ends it then.
  const [executable, ...rest] = tiedToParent(program);
  return new Deno.Command(executable!, {
    args: rest,
    clearEnv: true,
    env,
    // Wherever the daemon stands, that directory may be gone by now.
    cwd: "/",
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  });
}

function startChild(command: Deno.Command): Child {
  const process = command.spawn();
  return { process, writer: process.stdin.getWriter(), replies: readFrames(process.stdout) };
}

function killChild(child: Child): void {
  try {
    child.process.kill("SIGKILL");
  } catch {
    // It ended by itself.
  }
}

async function hasGrown(child: Child): Promise<boolean> {
  return (await residentBytes(child.process.pid) ?? 0) >= RECYCLE_BYTES;
}

async function endChild(child: Child): Promise<void> {
  killChild(child);
  await child.writer.abort().catch(() => {});
  await child.replies.return(undefined).catch(() => {});
  await child.process.stdout.cancel().catch(() => {});
  await child.process.status;
}

/** One request to one process, which is killed where a limit is exceeded; then it must not be used again. */
async function request(
  child: Child,
  texts: readonly string[],
  limits: RequestLimits,
  signal?: AbortSignal,
): Promise<Judgement> {
  let at = 0;
  let reason: "time" | "memory" | "crash" = "crash";
  const kill = (why: typeof reason) => {
    reason = why;
    killChild(child);
  };
  const onAbort = () => kill("crash");
  let timeLimit = setTimeout(() => kill("time"), START_LIMIT_MILLISECONDS);
  let begun = false;
  const endWatch = watchMemory(child.process.pid, limits.memoryBytes, () => kill("memory"));
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await writeFrame(child.writer, { texts } satisfies ParseRequest);
    for (;;) {
      const { value, done } = await child.replies.next();
      if (done) return { ok: false, reason, at };
      const reply = value as ParseReply;
      if ("verdicts" in reply) return { ok: true, verdicts: reply.verdicts };
      at = reply.at;
      if (begun) continue;
      begun = true;
      clearTimeout(timeLimit);
      timeLimit = setTimeout(() => kill("time"), limits.timeMilliseconds);
    }
  } catch {
    return { ok: false, reason, at };
  } finally {
    clearTimeout(timeLimit);
    endWatch();
    signal?.removeEventListener("abort", onAbort);
  }
}
