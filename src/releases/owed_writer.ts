// Writes values one after another; of those that wait, only the newest. A write that failed is owed: it is repeated
// until it succeeds or a newer value supersedes it, while the caller goes on.
import { adviceFor, AtomicWriteError, errorCode } from "../host/atomic_write.ts";
import { backoffMilliseconds } from "../time/backoff.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { withinLimit } from "../time/limit.ts";

/** A file system that hangs must not hold an activation. */
export const WRITE_LIMIT_MILLISECONDS = 5_000;
const ENDING_LIMIT_MILLISECONDS = 300;

/** The result of a write; `message` is one line for a log. */
export type Kept = { readonly ok: true } | { readonly ok: false; readonly message: string };

/** The error of a write that cannot be done now for its own reason: one line, the end of "cannot write X: ". */
export class WriteRefusedError extends Error {
  override readonly name = "WriteRefusedError";
}

/** Writes values; it owns a timer. */
export interface OwedWriter<T> extends AsyncDisposable {
  /** Resolves when the value or a newer one was written, or with the failure, after at most 5 s. Never throws. */
  put(value: T): Promise<Kept>;
  /** The newest value, while it is not written; null: it is. */
  readonly owed: T | null;
}

/** The options of every writer of the history; a test gives its own clock and randomness. */
export interface WriterSettings {
  /** Called with a line if writing begins to fail or fails in another way, and with null if it succeeds again. */
  readonly onTrouble: (line: string | null) => void;
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** Opens a writer. `name` is the file's name in messages; `write` may reject with an error of the system. */
export function openOwedWriter<T>(
  name: string,
  write: (value: T) => Promise<void>,
  { onTrouble, clock = systemClock, random = Math.random }: WriterSettings,
): OwedWriter<T> {
  let newest: { readonly value: T; readonly result: PromiseWithResolvers<Kept> } | null = null;
  let running: Promise<void> | null = null;
  let failures = 0;
  let trouble: string | null = null;
  let isClosed = false;
  let disarm = () => {};

  const report = (line: string | null) => {
    if (line === trouble || isClosed) return;
    trouble = line;
    onTrouble(line);
  };
  const run = async () => {
    while (newest !== null) {
      const taken = newest;
      const result = await write(taken.value).then((): Kept => ({ ok: true }), failureOf);
      if (newest !== taken) continue; // Superseded meanwhile: the result of the newer value is the answer to both.
      taken.result.resolve(result);
      if (result.ok) newest = null;
      report(result.ok ? null : `${result.message}; it is tried again`);
      if (result.ok || isClosed) break;
      disarm = clock.schedule(backoffMilliseconds(++failures, random()), start);
      break;
    }
    running = null;
  };
  const start = () => void (running ??= run());
  return {
    async put(value) {
      disarm();
      failures = 0;
      const result = Promise.withResolvers<Kept>();
      newest?.result.resolve(result.promise);
      newest = { value, result };
      start();
      const kept = await withinLimit(result.promise, WRITE_LIMIT_MILLISECONDS);
      if (kept.ok) return kept.value;
      const message = `cannot write ${name}: the file system does not answer`;
      report(message);
      return { ok: false, message };
    },
    get owed() {
      return newest?.value ?? null;
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      disarm();
      if (running !== null) await withinLimit(running, ENDING_LIMIT_MILLISECONDS);
    },
  };

  function failureOf(error: unknown): Kept {
    if (error instanceof WriteRefusedError) return { ok: false, message: `cannot write ${name}: ${error.message}` };
    if (error instanceof AtomicWriteError) return { ok: false, message: error.message };
    const code = errorCode(error);
    return { ok: false, message: `cannot write ${name}: ${code}: ${adviceFor(code)}` };
  }
}
