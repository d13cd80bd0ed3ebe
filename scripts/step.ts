// One step of a task: this same Deno with other arguments, its output passed on as it comes. A step ends by itself, at
// its limit, or when a signal stops the task.

export interface StepOutcome {
  /** The exit status; 128 + the signal's number if a signal ended it, as in a shell. */
  readonly code: number;
  /** The end of its standard output, at most `KEPT_CHARACTERS`; empty without `keepTail`. */
  readonly tail: string;
  /** Whether a signal stopped the task meanwhile, so that no other step may run. */
  readonly interrupted: boolean;
}

export interface StepOptions {
  /** The folder it runs in. */
  readonly cwd: string;
  /** Added to the environment. */
  readonly env?: Record<string, string>;
  /** After this time the step gets SIGTERM, and two seconds later SIGKILL. */
  readonly limitMilliseconds: number;
  /** Whether standard output is read on its way, for `tail`. */
  readonly keepTail?: boolean;
  /** With `keepTail`: takes standard output as it comes, in place of this process's own. */
  readonly write?: Write;
}

/** Takes a piece of output. */
export type Write = (chunk: Uint8Array) => void | Promise<void>;

const KEPT_CHARACTERS = 64 * 1024;
const KILL_AFTER_MILLISECONDS = 2_000;

/** Runs `deno` with the arguments. A step that fails is an outcome, one that cannot start throws. */
export async function runStep(args: readonly string[], options: StepOptions): Promise<StepOutcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: options.cwd,
    env: options.env ?? {},
    stdin: "null",
    stdout: options.keepTail ? "piped" : "inherit",
    stderr: "inherit",
  }).spawn();
  using _limit = endAt(options.limitMilliseconds, child, args);
  using signals = passSignals(child);
  const tail = options.keepTail ? await passOn(child.stdout, options.write ?? writeOut) : "";
  const status = await child.status;
  return { code: status.code, tail, interrupted: signals.passed };
}

function endAt(milliseconds: number, child: Deno.ChildProcess, args: readonly string[]): Disposable {
  let kill: number | undefined;
  const end = setTimeout(() => {
    console.error(`deno ${args.join(" ")}: not done within ${milliseconds / 1000} s, ended`);
    tryKill(child, "SIGTERM");
    kill = setTimeout(() => tryKill(child, "SIGKILL"), KILL_AFTER_MILLISECONDS);
  }, milliseconds);
  return {
    [Symbol.dispose]: () => {
      clearTimeout(end);
      clearTimeout(kill);
    },
  };
}

function passSignals(child: Deno.ChildProcess): Disposable & { readonly passed: boolean } {
  let passed = false;
  const listeners = (["SIGTERM", "SIGINT", "SIGHUP"] as const).map((signal) => {
    const listener = () => {
      passed = true;
      tryKill(child, signal);
    };
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  return {
    get passed() {
      return passed;
    },
    [Symbol.dispose]: () => listeners.forEach((remove) => remove()),
  };
}

function tryKill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // It ended in the meantime.
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Writes to this process's standard output. */
export async function writeOut(chunk: Uint8Array): Promise<void> {
  let written = 0;
  while (written < chunk.length) written += await Deno.stdout.write(chunk.subarray(written));
}

async function passOn(stream: ReadableStream<Uint8Array>, write: Write): Promise<string> {
  const decoder = new TextDecoder();
  let tail = "";
  for await (const chunk of stream) {
    await write(chunk);
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-KEPT_CHARACTERS);
  }
  return tail;
}
