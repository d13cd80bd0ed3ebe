// Runs the judge in its own process, which can be killed, with limits of time and memory for each request. An idle
// process is ended, so that none of its memory stays resident. The daemon survives every failure of the process.
import { type Judgement, parserCommand, type ParserProcess, type RequestLimits } from "./parser_process.ts";
import { startParserProcess } from "./parser_process.ts";
import { readUsage } from "./usage.ts";

/** The limits of each request, and the time for which an idle process is kept. */
export interface ParserLimits extends RequestLimits {
  /** How long the process waits for another request before it is ended; 0 ends it after each request. */
  readonly idleMilliseconds: number;
}

/** The rest of the limits, for a caller that has used a part of them already. */
export type LimitsLeft = Pick<RequestLimits, "timeMilliseconds" | "wallMilliseconds">;

/**
 * The most that a load may cost; docs/decisions.md has the reasons. Each limit of time fits into the next: the start,
 * the load, and the 30 s of a look, which does more than parse.
 */
export const DEFAULT_LIMITS: ParserLimits = {
  timeMilliseconds: 5_000,
  wallMilliseconds: 25_000,
  startMilliseconds: 20_000,
  memoryBytes: 512 * 1024 * 1024,
  idleMilliseconds: 5_000,
};

/** Judges texts, one request at a time. Disposing of it ends the process. */
export interface Parser extends AsyncDisposable {
  /**
   * Rejects only with the signal's reason: a failure of the process is part of the judgement. `left` cannot exceed the
   * limits of the parser. Its wall time begins with the call; if none is left, the process receives no request.
   */
  judge(texts: readonly string[], signal?: AbortSignal, left?: LimitsLeft): Promise<Judgement>;
  /**
   * Starts the process, if none runs, so that a request that may come soon need not wait for the start. Does nothing if
   * the last such starts were not followed by a request, until the next request.
   */
  warm(): void;
  /** Kills the process at once and starts no other, for a program that ends without disposing. */
  kill(): void;
}

/** A parser that counts its work. */
export interface ProcessParser extends Parser {
  readonly work: ParserWork;
}

/** The work of a parser since it was opened, in numbers that do not depend on the machine. */
export interface ParserWork {
  readonly starts: number;
  /** Starts of processes that ended without a request. */
  readonly idleStarts: number;
  readonly requests: number;
}

/** A process with more resident memory is not kept for the next request: WebAssembly memory never shrinks. */
const RECYCLE_BYTES = 256 * 1024 * 1024;

/**
 * After this many early starts in a row without a request, the process starts only with a request. A start costs a
 * quarter of a second of processor time, which is much if dozens of instances see one change at once. Most edits change
 * no shape and need no request. So the process starts early while one of the last two loads made a request; a wrong
 * guess costs only the time of a start.
 */
const MAX_IDLE_STARTS = 2;

interface Current {
  readonly process: ParserProcess;
  wasAsked: boolean;
}

/**
 * Opens a parser that starts its process with the first request.
 *
 * @example
 * ```ts
 * await using parser = openParser();
 * const judgement = await parser.judge(['x = env("HOME")\n']);
 * // { ok: true, verdicts: [{ value: { x: '${env("HOME")}' } }], spentMilliseconds: 1 }
 * ```
 */
export function openParser(
  limits: ParserLimits = DEFAULT_LIMITS,
  command = parserCommand,
  read = readUsage,
): ProcessParser {
  const keeper = keepProcess(limits.idleMilliseconds, () => startParserProcess(command(), read));
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;
  let requests = 0;
  let idleStartsBefore = 0;

  const judgeNow = async (
    texts: readonly string[],
    timeMilliseconds: number,
    deadline: number,
    signal?: AbortSignal,
  ): Promise<Judgement> => {
    requests += 1;
    for (;;) {
      signal?.throwIfAborted();
      if (closed) throw new Error("judge texts: the parser is closed");
      const wallMilliseconds = deadline - performance.now();
      if (wallMilliseconds <= 0) return { ok: false, reason: "crash", at: 0 };
      const wasRunning = keeper.isRunning();
      idleStartsBefore = keeper.work.idleStarts;
      const process = keeper.use();
      if (!process) return { ok: false, reason: "crash", at: 0 };
      const judgement = await process.ask(texts, { ...limits, timeMilliseconds, wallMilliseconds }, signal);
      const isOver = judgement.ok || process.isKilled;
      if (judgement.ok && process.residentBytes < RECYCLE_BYTES) keeper.rest();
      else await keeper.end();
      signal?.throwIfAborted();
      // An idle process may have been killed for a reason that has nothing to do with the request (SIGHUP to the group,
      // no memory), so the request is made again. A process that was started for the request was not idle.
      if (isOver || !wasRunning) return judgement;
    }
  };

  return {
    judge(texts, signal, left = limits) {
      const timeMilliseconds = Math.min(left.timeMilliseconds, limits.timeMilliseconds);
      const deadline = performance.now() + Math.min(left.wallMilliseconds, limits.wallMilliseconds);
      const result = queue.then(() => judgeNow(texts, timeMilliseconds, deadline, signal));
      queue = result.catch(() => {});
      return result;
    },
    warm() {
      if (closed || limits.idleMilliseconds === 0 || keeper.isRunning()) return;
      if (keeper.work.idleStarts - idleStartsBefore < MAX_IDLE_STARTS) keeper.warm();
    },
    kill() {
      closed = true;
      keeper.kill();
    },
    get work() {
      return { ...keeper.work, requests };
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await keeper.end();
      await queue;
    },
  };
}

/** Keeps at most one process, and ends it when it has been idle for the given time. */
function keepProcess(idleMilliseconds: number, startProcess: () => ParserProcess) {
  let current: Current | null = null;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;
  let endings: Promise<unknown> = Promise.resolve();
  const work = { starts: 0, idleStarts: 0 };

  /** Resolves when every process so far has ended. */
  const end = async (): Promise<void> => {
    clearTimeout(idleTimer);
    const ending = current;
    current = null;
    if (ending !== null) {
      if (!ending.wasAsked) work.idleStarts += 1;
      endings = Promise.all([endings, ending.process.end()]);
    }
    await endings;
  };

  const start = (): Current | null => {
    clearTimeout(idleTimer);
    if (current) return current;
    try {
      const process = startProcess();
      const started = current = { process, wasAsked: false };
      work.starts += 1;
      // A process that dies while it is idle must not receive the next request.
      process.ended.then(() => current === started && void end());
      return started;
    } catch {
      return null;
    }
  };

  /** Ends the process after the idle time, or at once if that is 0. */
  const rest = (): void => {
    if (idleMilliseconds === 0) return void end();
    idleTimer = setTimeout(end, idleMilliseconds);
  };

  return {
    work,
    end,
    rest,
    isRunning: () => current !== null,
    /** The process, started if none runs; null if the host refuses it. The caller has to call `rest` or `end` later. */
    use(): ParserProcess | null {
      const used = start();
      if (used) used.wasAsked = true;
      return used?.process ?? null;
    },
    /** Starts a process for a request that may come soon. */
    warm(): void {
      if (start()) rest();
    },
    kill: () => current?.process.kill(),
  };
}
