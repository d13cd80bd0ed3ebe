// One process of the parser: it serves one request at a time, is killed if a request exceeds a limit, and ends without
// leaving a descriptor, a child or a promise behind.
import { leaveRemovedDirectory, tiedToParent } from "../../host/program_search.ts";
import { withinLimit } from "../../time/limit.ts";
import { openPace } from "../../time/pace.ts";
import { partsOf, readFrames, writeFrame } from "./frames.ts";
import type { HclVerdict, ParseReply, ParseRequest } from "./hcl.ts";
import { readUsage, watchUsage } from "./usage.ts";

/** The hidden command of main.ts that becomes the parser. */
export const PARSER_COMMAND = "hcl-parser";

/** The limits of one request. */
export interface RequestLimits {
  /**
   * The processor time that the process may spend on the request, so that a busy host does not make a text too slow. If
   * it cannot be read, the limit is for the time that passes. The start of the process does not count.
   */
  readonly timeMilliseconds: number;
  /** How long the request may take, however little processor time the process gets; the start of the process counts. */
  readonly wallMilliseconds: number;
  /** How long the process may take to begin; only an overloaded host takes long. */
  readonly startMilliseconds: number;
  /** The resident memory that the process may have. */
  readonly memoryBytes: number;
}

/** The verdicts on all texts; or the limit that was exceeded, and the index of the current text (or batch of texts). */
export type Judgement =
  | {
    readonly ok: true;
    readonly verdicts: readonly HclVerdict[];
    /** How much of the limit of time was spent, as the process itself reports it. */
    readonly spentMilliseconds?: number;
  }
  | { readonly ok: false; readonly reason: Reason; readonly at: number };

/** Why there are no verdicts: `time` and `memory` are the fault of the text, `crash` is the fault of the host. */
export type Reason = "time" | "memory" | "crash";

/** A process that waits for requests. */
export interface ParserProcess {
  /** Resolves when the process has ended, for any reason. */
  readonly ended: Promise<unknown>;
  /** As measured at the end of the last request. */
  readonly residentBytes: number;
  /** Whether this program killed the process, because a limit was exceeded or the process was not needed any more. */
  readonly isKilled: boolean;
  /** Makes one request. After one that is not ok, the process cannot be used any more. Never rejects. */
  ask(texts: readonly string[], limits: RequestLimits, signal?: AbortSignal): Promise<Judgement>;
  kill(): void;
  /** Kills the process, and resolves when it has ended and its pipes are closed. */
  end(): Promise<void>;
}

interface Child {
  readonly process: Deno.ChildProcess;
  readonly read: typeof readUsage;
  isKilled: boolean;
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly replies: AsyncGenerator<unknown>;
  /** The sending of the last request's texts, which may go on after the request until the process ends. */
  sending: Promise<void>;
  /** The reading of the usage that was in progress when the last request ended. */
  looking: Promise<void>;
}

/** How long the end of a process waits for that reading, on an overloaded host. */
const LOOK_GRACE_MILLISECONDS = 500;

/**
 * Makes V8 compile WebAssembly with its first compiler only. The optimising compiler costs more than it gains in a
 * process that lives for seconds: twice the processor time of a hundred shapes, and 35 MiB.
 */
export const PARSER_V8_FLAG = "--liftoff-only";

/** The arguments with which Deno, or the compiled program, becomes the parser. */
export function parserArguments(isCompiled: boolean): readonly string[] {
  // The compiled program contains its flags of V8, and reads none from its environment.
  if (isCompiled) return [PARSER_COMMAND];
  const main = new URL("../../../main.ts", import.meta.url);
  const permissions = ["--no-prompt", "--allow-read", "--allow-env"];
  return ["run", "--quiet", ...permissions, `--v8-flags=${PARSER_V8_FLAG}`, main.href, PARSER_COMMAND];
}

/** The command that runs this program as the parser. It passes only the variables that Deno itself needs: no secret. */
export function parserCommand(): Deno.Command {
  const env: Record<string, string> = {};
  for (const name of ["HOME", "PATH", "DENO_DIR", "DENO_TLS_CA_STORE", "XDG_CACHE_HOME", "TMPDIR"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  // While it parses it cannot see that its parent has ended; if util-linux is installed, the kernel ends it then.
  const [executable, ...rest] = tiedToParent([Deno.execPath(), ...parserArguments(Deno.build.standalone)]);
  return new Deno.Command(executable!, {
    args: rest,
    clearEnv: true,
    env,
    // The working directory of the daemon may have been removed.
    cwd: "/",
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  });
}

/** Starts a process; throws if the host refuses it, for lack of memory, descriptors or a working directory. */
export function startParserProcess(command: Deno.Command, read: typeof readUsage = readUsage): ParserProcess {
  leaveRemovedDirectory();
  const process = command.spawn();
  const [writer, replies] = [process.stdin.getWriter(), readFrames(process.stdout)];
  const [sending, looking] = [Promise.resolve(), Promise.resolve()];
  const child: Child = { process, read, isKilled: false, writer, replies, sending, looking };
  let residentBytes = 0;
  return {
    ended: process.status,
    get residentBytes() {
      return residentBytes;
    },
    get isKilled() {
      return child.isKilled;
    },
    ask: (texts, limits, signal) => request(child, texts, limits, (bytes) => residentBytes = bytes, signal),
    kill: () => killChild(child),
    async end() {
      killChild(child);
      // A pipe that is broken already counts as closed.
      const repliesEnd = child.replies.return(undefined).then(() => process.stdout.cancel());
      await Promise.allSettled([child.writer.abort(), child.sending, repliesEnd, process.status]);
      await withinLimit(child.looking, LOOK_GRACE_MILLISECONDS);
    },
  };
}

function killChild(child: Child): void {
  try {
    child.process.kill("SIGKILL");
    child.isKilled = true;
  } catch {
    // It ended by itself.
  }
}

async function request(
  child: Child,
  texts: readonly string[],
  limits: RequestLimits,
  onResident: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<Judgement> {
  let at = 0;
  let reason: Reason | null = null;
  const kill = (why: Reason) => {
    killChild(child);
    // A process that had ended by itself exceeded no limit.
    if (child.isKilled) reason ??= why;
  };
  const failure = (): Judgement => ({ ok: false, reason: reason ?? "crash", at });
  const onAbort = () => kill("crash");
  let begunAt: number | null = null;
  let endWatch = () => Promise.resolve();
  // A process that got no time to work is no fault of the text: that is a crash, after which the load is tried again.
  const startLimit = setTimeout(() => kill("crash"), limits.startMilliseconds);
  const wallLimit = setTimeout(() => kill("crash"), limits.wallMilliseconds);
  signal?.addEventListener("abort", onAbort);
  const verdicts: HclVerdict[] = [];
  try {
    // Concurrent with the reading: with both pipes full, each side would wait for the other. The reading shows a fault.
    child.sending = sendTexts(child, texts).catch(() => {});
    for (;;) {
      const reply = (await child.replies.next()).value as ParseReply | undefined;
      if (reply === undefined) return failure();
      if ("at" in reply) {
        clearTimeout(startLimit);
        if (begunAt === null) {
          begunAt = reply.processorMilliseconds;
          endWatch = watchRequest(child, limits, begunAt, kill);
        } else if (reply.processorMilliseconds - begunAt >= limits.timeMilliseconds) kill("time");
        // After a kill, the text that was current at the kill remains the one to report.
        if (reason === null) at = reply.at;
      } else if ("verdicts" in reply) { for (const verdict of reply.verdicts) verdicts.push(verdict); }
      else {
        onResident(reply.residentBytes);
        if (verdicts.length !== texts.length) return failure();
        return { ok: true, verdicts, spentMilliseconds: begunAt === null ? 0 : reply.processorMilliseconds - begunAt };
      }
    }
  } catch {
    return failure();
  } finally {
    clearTimeout(startLimit);
    clearTimeout(wallLimit);
    child.looking = endWatch();
    signal?.removeEventListener("abort", onAbort);
  }
}

async function sendTexts({ writer }: Child, texts: readonly string[]): Promise<void> {
  const pace = openPace();
  for (const part of partsOf(texts)) {
    if (pace.isSpent()) await pace.rest();
    await writeFrame(writer, part satisfies ParseRequest);
  }
}

/**
 * Watches the limits of time and memory of a request that has begun; returns the end of the watch. The start of the
 * process is not watched: it has seen no text yet, and each reading would cost a busy host a cat(1).
 */
function watchRequest(
  { process, read }: Child,
  { timeMilliseconds, memoryBytes }: RequestLimits,
  begunAtProcessorMilliseconds: number,
  onExceeded: (reason: Reason) => void,
): () => Promise<void> {
  let isTimeOver = false;
  let hasRead = false;
  let cannotRead = false;
  // A late answer says nothing about the text; the limit of wall time still holds.
  const judgeTime = () => {
    if (isTimeOver && cannotRead && !hasRead) onExceeded("time");
  };
  const timer = setTimeout(() => {
    isTimeOver = true;
    judgeTime();
  }, timeMilliseconds);
  const endWatch = watchUsage(process.pid, (usage) => {
    if (typeof usage === "string") {
      cannotRead = usage === "cannot";
      return judgeTime();
    }
    hasRead = true;
    if (usage.residentBytes > memoryBytes) onExceeded("memory");
    else if (usage.processorMilliseconds - begunAtProcessorMilliseconds >= timeMilliseconds) onExceeded("time");
  }, read);
  return () => {
    clearTimeout(timer);
    return endWatch();
  };
}
