// A terminal that records its output, so that a command runs in the test's own process.
import { runProgram } from "../../src/cli/program.ts";
import type { Terminal } from "../../src/cli/terminal.ts";

/** The exit code and output of a command. */
export interface Recorded {
  readonly code: number;
  /** Standard output. */
  readonly out: string;
  /** Standard error. */
  readonly error: string;
}

/** Runs the program with the arguments, a standard input and an environment. */
export async function runRecorded(
  args: readonly string[],
  { input = "", environment = {} }: { input?: string; environment?: Record<string, string> } = {},
): Promise<Recorded> {
  let out = "";
  let error = "";
  const terminal: Terminal = {
    out: (text) => void (out += text),
    error: (text) => void (error += text),
    hasFailed: () => false,
    isUnread: () => false,
    colourOut: false,
    colourError: false,
    readInput: () => Promise.resolve(new TextEncoder().encode(input)),
    environment,
  };
  const code = await runProgram(args, terminal);
  return { code, out, error };
}
