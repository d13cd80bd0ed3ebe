// Runs the judge where it can be killed (a process of its own), with a limit of time and memory for each request, and
// ends it when it has been idle, so that nothing of it stays resident. Whatever happens to it, the daemon lives.
import { type Judgement, parserCommand, type ParserProcess, type RequestLimits } from "./parser_process.ts";
import { startParserProcess } from "./parser_process.ts";
import { readUsage } from "./usage.ts";

export { PARSER_COMMAND } from "./parser_process.ts";
export type { Judgement } from "./parser_process.ts";

/** Limits of each request, and how long an idle process is kept. */
export interface ParserLimits extends RequestLimits {
  /** How long the process waits for another request before it is ended; 0 ends it behind each. */
  readonly idleMilliseconds: number;
}

/** What is left of the limits to who has used some of them before. */
export type LimitsLeft = Pick<RequestLimits, "timeMilliseconds" | "wallMilliseconds">;

/**
 * What a load may cost at most, for the reasons in docs/decisions.md. Each is within the next: the start, the load,
 * and the 30 s of a look, which does more than to parse.
 */
export const DEFAULT_LIMITS: ParserLimits = {
  timeMilliseconds: 5_000,
  wallMilliseconds: 25_000,
  startMilliseconds: 20_000,
  memoryBytes: 512 * 1024 * 1024,
  idleMilliseconds: 5_000,
};

/** Judges texts, one request at a time; disposing of it ends the process. */
export interface Parser extends AsyncDisposable {
  /**
   * Never rejects but with the signal's reason: what happens to the process is part of the judgement. What is left of the
   * limits is at most the limits themselves, its wall time begins with the call, and where none is left nothing is asked.
   */
  judge(texts: readonly string[], signal?: AbortSignal, left?: LimitsLeft): Promise<Judgement>;
  /**
   * Starts the process, if none runs, so that a request that may come soon need not wait for it. Where the last starts of
   * this kind were for nothing it does not, until a request was made.
   */
  warm(): void;
  /** Kills the process at once and for good, for a program that ends without disposing. */
  kill(): void;
}

/** A parser with a process, and what that cost. */
export interface ProcessParser extends Parser {
  /** What it has done so far. */
  readonly work: ParserWork;
}

/** What a parser has done since it was opened, in numbers that do not depend on the machine. */
export interface ParserWork {
  /** Processes started. */
  readonly starts: number;
  /** Those of them that were ended without having been asked anything. */
  readonly idleStarts: number;
  /** Requests made. */
  readonly requests: number;
}

/** A process that has grown beyond this is not kept for the next request: WebAssembly memory never shrinks. */
const RECYCLE_BYTES = 256 * 1024 * 1024;

/**
 * So many starts ahead of a request may be for nothing before there are no more of them. A start costs a quarter of a
 * second of processor time, which is much where dozens of instances hear of one change, and most edits leave every shape
 * as it was and ask nothing. So one is made while one of the last two loads had something to ask, and nothing is lost
 * but the time of a start where that guess is wrong.
 */
const MAX_IDLE_STARTS = 2;

/** The process of a moment. */
interface Current {
  readonly process: ParserProcess;
  wasAsked: boolean;
}

/**
 * A parser that starts its process with the first request.
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
      // A process that was idle may have been killed for reasons of its own (SIGHUP to the group, no memory); one that was
      // started for the request was not idle.
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

/** At most one process, ended when nobody has used it for a while. */
function keepProcess(idleMilliseconds: number, startProcess: () => ParserProcess) {
  let current: Current | null = null;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;
  let endings: Promise<unknown> = Promise.resolve();
  const work = { starts: 0, idleStarts: 0 };

  /** Resolves when nothing is left of any process so far. */
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
      // One that dies while nobody asks it anything must not be asked again.
      process.ended.then(() => current === started && void end());
      return started;
    } catch {
      return null;
    }
  };

  /** Has the process ended some time from now, or at once where none is to be kept. */
  const rest = (): void => {
    if (idleMilliseconds === 0) return void end();
    idleTimer = setTimeout(end, idleMilliseconds);
  };

  return {
    work,
    end,
    rest,
    isRunning: () => current !== null,
    /** The process, started where none runs; null where that is refused. Somebody has to call `rest` or `end` later. */
    use(): ParserProcess | null {
      const used = start();
      if (used) used.wasAsked = true;
      return used?.process ?? null;
    },
    /** Starts a process that somebody may want to use soon. */
    warm(): void {
      if (start()) rest();
    },
    kill: () => current?.process.kill(),
  };
}
