// The program as a process: the compiled binary that `HONUA_CONFIGD` names, or else this checkout's main.ts. It gets
// only the variables of this environment that it cannot run without, so that the test decides on all others.
import { resolve } from "node:path";

/** The surroundings of a command. */
export interface CommandSurroundings {
  /** In addition to the variables that the program cannot run without. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the checkout. */
  readonly cwd?: string;
  /** Whether its streams are a terminal, which script(1) makes. Default false. */
  readonly terminal?: boolean;
  /** A program and its arguments that run the command, such as nsenter(1). Default: none. */
  readonly wrapper?: readonly string[];
}

/** The ending of a command, and its output. */
export interface CommandOutcome {
  /** The exit code; if a signal ended the command, 128 and the signal's number. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const CHECKOUT = new URL("../../", import.meta.url).pathname;
const NEEDED = ["PATH", "HOME", "DENO_DIR", "DENO_TLS_CA_STORE", "XDG_CACHE_HOME"];

/** No command of the program takes longer, on the slowest machine that tests run on. */
const LIMIT_MILLISECONDS = 60_000;

/** The program, not started yet; its three streams are piped. */
export function programCommand(args: readonly string[], surroundings: CommandSurroundings = {}): Deno.Command {
  const { env = {}, cwd = CHECKOUT, terminal = false, wrapper = [] } = surroundings;
  const binary = Deno.env.get("HONUA_CONFIGD");
  const program = binary
    ? [resolve(CHECKOUT, binary)]
    : [Deno.execPath(), "run", "-A", "--no-prompt", `${CHECKOUT}main.ts`];
  const words = [...wrapper, ...program, ...args];
  const line = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const [first, ...rest] = terminal ? ["script", "--quiet", "--return", "--command", line, "/dev/null"] : words;
  const needed = NEEDED.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  return new Deno.Command(first!, {
    args: rest,
    cwd,
    clearEnv: true,
    env: { ...Object.fromEntries(needed), ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
}

/**
 * Runs the program to its end, with `input` as its standard input. If it does not end, it is killed, and this throws.
 */
export async function runCommand(
  args: readonly string[],
  { input = "", ...surroundings }: CommandSurroundings & { readonly input?: string } = {},
): Promise<CommandOutcome> {
  const process = programCommand(args, surroundings).spawn();
  let overdue = false;
  const limit = setTimeout(() => {
    overdue = true;
    process.kill("SIGKILL");
  }, LIMIT_MILLISECONDS);
  try {
    const [, { code, stdout, stderr }] = await Promise.all([give(process, input), process.output()]);
    if (overdue) throw new Error(`not ended within ${LIMIT_MILLISECONDS} ms: ${args.join(" ")}`);
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: decode(stdout), stderr: decode(stderr) };
  } finally {
    clearTimeout(limit);
  }
}

/** Writes the input. It is no error if the program ends without reading it. */
async function give(process: Deno.ChildProcess, input: string): Promise<void> {
  const writer = process.stdin.getWriter();
  try {
    if (input !== "") await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {
    await writer.abort().catch(() => {});
  }
}
