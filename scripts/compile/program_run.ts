// Another program of the build, run to its end within a limit: its output, or its failure as one line.

export type RunOutcome =
  | { readonly ok: true; readonly stdout: string; readonly stderr: string }
  | { readonly ok: false; readonly trouble: string; readonly stderr: string };

export interface RunOptions {
  /** The folder it runs in. */
  readonly cwd: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** After this time it is ended. */
  readonly limitMilliseconds?: number;
}

const LIMIT_MILLISECONDS = 5 * 60_000;

/** Runs a program; one that is missing, fails or hangs is an outcome. */
export async function runToEnd(
  program: string,
  args: readonly string[],
  { cwd, env = {}, limitMilliseconds = LIMIT_MILLISECONDS }: RunOptions,
): Promise<RunOutcome> {
  const signal = AbortSignal.timeout(limitMilliseconds);
  const name = `${program.split("/").at(-1)} ${args[0] ?? ""}`.trimEnd();
  try {
    const output = await new Deno.Command(program, {
      args: [...args],
      cwd,
      env: { NO_COLOR: "1", ...env },
      stdin: "null",
      signal,
    }).output();
    const stdout = new TextDecoder().decode(output.stdout);
    const stderr = new TextDecoder().decode(output.stderr);
    if (output.success) return { ok: true, stdout, stderr };
    const trouble = signal.aborted
      ? `${name} was not done within ${limitMilliseconds / 1000} s`
      : `${name} ended with exit status ${output.code}: ${asOneLine(stderr)}`;
    return { ok: false, trouble, stderr };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { ok: false, trouble: `${program} is not there`, stderr: "" };
    throw new Error(`could not run ${name}`, { cause: error });
  }
}

/** The message, without the addresses in Deno itself that follow it. */
function asOneLine(stderr: string): string {
  return stderr.split(/^Stack backtrace:$/m)[0]!.trim().split(/\s*\n\s*/).join("; ");
}
