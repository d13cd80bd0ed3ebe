// A program in the place of honua-configd's: it prints the texts for the installation, and starts in no time. Tests
// with it check the places of files, not their effects.

/** How a stand-in differs from another. */
export interface StandIn {
  /** Makes two of them different files. */
  readonly version: string;
  /** Whether a service of it would become ready; the stand-in for systemctl(1) looks at this. */
  readonly isReady?: boolean;
}

/** Writes it to `path`, which is returned. */
export async function writeStandIn(path: string, { version, isReady = true }: StandIn): Promise<string> {
  const script = `#!/bin/sh
# ready: ${isReady}
case $1 in
  version) echo "honua-configd ${version}" ;;
  init) printf 'honua {\\n  version = "1.0"\\n}\\n' ;;
  man) printf '.TH HONUA-CONFIGD 1\\n.SH NAME\\nhonua-configd \\\\- configuration daemon\\n' ;;
  completion) echo "# completion for $2" ;;
  *) exit 2 ;;
esac
`;
  await Deno.writeTextFile(path, script, { mode: 0o755 });
  return path;
}

/** How a run of a program ended. */
export interface ProgramOutcome {
  /** The exit code. */
  readonly code: number;
  /** Standard output, then standard error. */
  readonly text: string;
}

const LIMIT_MILLISECONDS = 60_000;

/** Runs a program to its end, in the checkout. */
export async function runProgram(words: readonly string[], env: Record<string, string> = {}): Promise<ProgramOutcome> {
  const [program, ...args] = words;
  const { code, stdout, stderr } = await new Deno.Command(program!, {
    args,
    env,
    stdin: "null",
    signal: AbortSignal.timeout(LIMIT_MILLISECONDS),
  }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** Whether a program is there; if not, says that the test is ignored. */
export async function hasProgram(program: string): Promise<boolean> {
  const found = (await runProgram(["sh", "-c", `PATH=$PATH:/usr/sbin:/sbin; command -v ${program}`])).code === 0;
  if (!found) console.error(`ignored: there is no ${program} here`);
  return found;
}

/** Each file and directory below `root`, a line each: kind, mode, size, time of change, path. */
export async function listing(root: string, format = "%y %m %s %T@ %P\\n"): Promise<string[]> {
  const { text } = await runProgram(["find", root, "-mindepth", "1", "-printf", format]);
  return text.split("\n").filter((line) => line !== "").sort();
}
