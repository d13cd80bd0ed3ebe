// One process of the parser: started, asked one request at a time, killed where a request exceeds a limit, and ended
// without leaving a descriptor, a child or a promise behind.
import { leaveRemovedDirectory, tiedToParent } from "../../host/program_search.ts";
import { withinLimit } from "../../time/limit.ts";
import { openPace } from "../../time/pace.ts";
import { partsOf, readFrames, writeFrame } from "./frames.ts";
import type { HclVerdict, ParseReply, ParseRequest } from "./hcl.ts";
import { readUsage, watchUsage } from "./usage.ts";

/** The hidden command of main.ts that becomes the parser. */
export const PARSER_COMMAND = "hcl-parser";

/** Limits of one request. */
export interface RequestLimits {
  /**
   * How much processor time the process may spend on it, so that a host with others to serve makes no text too slow;
   * where that cannot be read, so much time may pass. The process's start is not counted.
   */
  readonly timeMilliseconds: number;
  /** How long it may take however little processor time the process gets, the process's start included. */
  readonly wallMilliseconds: number;
  /** How long the process may take to begin; only a host that is out of its depth takes long. */
  readonly startMilliseconds: number;
  /** How much memory the process may have resident. */
  readonly memoryBytes: number;
}

/** Verdicts on all texts; or which limit was exceeded, and the index of the text (or batch of texts) it was at. */
export type Judgement =
  | {
    readonly ok: true;
    readonly verdicts: readonly HclVerdict[];
    /** How much of the limit of time was spent, as the process itself tells. */
    readonly spentMilliseconds?: number;
  }
  | { readonly ok: false; readonly reason: Reason; readonly at: number };

/** Why there are no verdicts: `time` and `memory` are the text's matter, `crash` is the host's. */
export type Reason = "time" | "memory" | "crash";

/** A process that waits for texts. */
export interface ParserProcess {
  /** Resolves when it has ended, whoever ended it. */
  readonly ended: Promise<unknown>;
  /** What it had resident when its last request was done, in bytes. */
  readonly residentBytes: number;
  /** Whether this program killed it, because a limit was exceeded or it was of no use any more. */
  readonly isKilled: boolean;
  /** One request; after one that is not ok, the process is of no use any more. Never rejects. */
  ask(texts: readonly string[], limits: RequestLimits, signal?: AbortSignal): Promise<Judgement>;
  /** Kills it at once. */
  kill(): void;
  /** Kills it, and resolves when nothing of it is left. */
  end(): Promise<void>;
}

interface Child {
  readonly process: Deno.ChildProcess;
  readonly read: typeof readUsage;
  isKilled: boolean;
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly replies: AsyncGenerator<unknown>;
  /** The telling of the last request's texts, which may go on behind the request until the process ends. */
  sending: Promise<void>;
  /** The look at the process that was under way when the last request ended. */
  looking: Promise<void>;
}

/** How long the end of a process waits for that look, on a host out of its depth. */
const LOOK_GRACE_MILLISECONDS = 500;

/**
 * V8's, for WebAssembly: machine code from its first compiler alone. The optimising one costs more than it gains in a
 * process that lives for seconds: twice the processor time of a hundred shapes, and 35 MiB.
 */
export const PARSER_V8_FLAG = "--liftoff-only";

/** What Deno, or the compiled program, is given to become the parser. */
export function parserArguments(isCompiled: boolean): readonly string[] {
  // The compiled program has its flags of V8 baked in, and reads none from its environment.
  if (isCompiled) return [PARSER_COMMAND];
  const main = new URL("../../../main.ts", import.meta.url);
  const permissions = ["--no-prompt", "--allow-read", "--allow-env"];
  return ["run", "--quiet", ...permissions, `--v8-flags=${PARSER_V8_FLAG}`, main.href, PARSER_COMMAND];
}

/** This program again, as the parser. Only what Deno itself needs of the environment goes along: no secret does. */
export function parserCommand(): Deno.Command {
  const env: Record<string, string> = {};
  for (const name of ["HOME", "PATH", "DENO_DIR", "DENO_TLS_CA_STORE", "XDG_CACHE_HOME", "TMPDIR"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  // While it parses it cannot see that its parent is gone; where util-linux is there, the kernel ends it then.
  const [executable, ...rest] = tiedToParent([Deno.execPath(), ...parserArguments(Deno.build.standalone)]);
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

/** Starts a process; throws where that is refused, for want of memory, descriptors or a place to be. */
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
      // What is broken already is as good as closed.
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
    // One that had ended by itself exceeded nothing.
    if (child.isKilled) reason ??= why;
  };
  const failure = (): Judgement => ({ ok: false, reason: reason ?? "crash", at });
  const onAbort = () => kill("crash");
  let begunAt: number | null = null;
  let endWatch = () => Promise.resolve();
  // Who was kept from working is not to blame: that is tried again, and not held against the text.
  const startLimit = setTimeout(() => kill("crash"), limits.startMilliseconds);
  const wallLimit = setTimeout(() => kill("crash"), limits.wallMilliseconds);
  signal?.addEventListener("abort", onAbort);
  const verdicts: HclVerdict[] = [];
  try {
    // Beside the reading: with both pipes full, each would wait for the other. A failure shows in what is read.
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
        // Once it is killed, what it was at is what counts.
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
 * Holds a request that has begun to its limits of time and memory; returns what ends that. Not the start: until it begins
 * the process has seen no text and does what it always does, and looking at it would cost a busy host a cat(1) each time.
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
  // An answer that is late says nothing of the text; then the limit of wall time is left.
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
