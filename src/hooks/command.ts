// A command of a hook: a program with its arguments, without a shell, in a session and an environment of its own. It
// ends soon after its limit, with all of its session, and gets none of the daemon's secrets.
import { join } from "node:path";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { failed, type HookEnding, type HookLimit } from "./ending.ts";
import { keepOutput, type KeptOutput } from "./kept_output.ts";
import { type ProcessGroup, startGroup, wasNeverRun } from "../host/process_group.ts";
import type { HookHost } from "./hook_host.ts";

/** The default of systemd for a service (systemd.exec(5), `$PATH`), and `/bin` for hosts that keep it apart. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The only variables of the daemon that a command gets: user, place, and locale (locale(7)). */
const PASSED_ON = (
  "HOME USER LOGNAME SHELL TMPDIR TZ LANG LANGUAGE LC_ALL LC_ADDRESS LC_COLLATE LC_CTYPE LC_IDENTIFICATION " +
  "LC_MEASUREMENT LC_MESSAGES LC_MONETARY LC_NAME LC_NUMERIC LC_PAPER LC_TELEPHONE LC_TIME"
).split(" ");

/** The time for a command that took too long to clean up. */
const GRACE_MILLISECONDS = 2_000;

/** The same once the daemon itself must end, and for processes that an ended command left behind. */
const SHORT_GRACE_MILLISECONDS = 500;

/** The wait for output of descendants after the command itself has ended. */
const LATE_OUTPUT_MILLISECONDS = 500;

/**
 * Makes the environment of a command: the variables named above, a `PATH`, and `variables`. `NOTIFY_SOCKET`,
 * `CREDENTIALS_DIRECTORY` and every option that is a variable are left out.
 */
export function commandEnvironment(
  variables: Readonly<Record<string, string>>,
  environment: HookHost["environment"],
): Record<string, string> {
  const env: Record<string, string> = { PATH: environment("PATH") || DEFAULT_PATH };
  for (const name of PASSED_ON) {
    const value = environment(name);
    if (value !== undefined) env[name] = value;
  }
  return { ...env, ...variables };
}

/** Runs a command to its end. `env` is its whole environment, and the program is searched in its `PATH`. */
export async function runCommand(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  limit: HookLimit,
  surroundings: HookHost,
): Promise<HookEnding> {
  const [program = "", ...args] = command;
  const found = await findProgram(program, env.PATH ?? DEFAULT_PATH);
  if (!found.ok) return failed(found.reason);
  if (limit.signal.aborted) return failed(limit.reason());
  const kept = keepOutput();
  const started = startGroup({ path: found.path, args, env }, kept.add);
  if (!started.ok) return failed(refusal(started.code, program));
  const { group } = started;
  surroundings.groups?.add(group.id);
  try {
    return judge(await awaitEnd(group, limit, surroundings), program, kept, surroundings.mask);
  } finally {
    surroundings.groups?.delete(group.id);
  }
}

type CommandEnd = { readonly status: Deno.CommandStatus } | { readonly reason: string };

/** Waits for the leader or the limit, then ends every process of the session. */
async function awaitEnd(group: ProcessGroup, limit: HookLimit, { ended }: HookHost): Promise<CommandEnd> {
  const aborted = Promise.withResolvers<null>();
  limit.signal.addEventListener("abort", () => aborted.resolve(null));
  let status: Deno.CommandStatus | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    status = await Promise.race([group.status, aborted.promise]);
    if (status === null) return { reason: limit.reason() };
    const late = Promise.withResolvers<void>();
    timer = setTimeout(late.resolve, LATE_OUTPUT_MILLISECONDS);
    await Promise.race([group.outputEnded, late.promise, aborted.promise]);
    return { status };
  } finally {
    clearTimeout(timer);
    const others = await group.end(status === null ? GRACE_MILLISECONDS : SHORT_GRACE_MILLISECONDS, {
      signal: limit.stopping,
      graceMilliseconds: SHORT_GRACE_MILLISECONDS,
    });
    if (others > 0) ended?.(others);
  }
}

function judge(end: CommandEnd, program: string, kept: KeptOutput, mask: (text: string) => string): HookEnding {
  const output = kept.text(mask);
  if ("reason" in end) return failed(end.reason, output);
  const { success, code, signal } = end.status;
  if (success) return { ok: true, output };
  if (signal !== null) return failed(`was ended by ${signal}`, output);
  if (wasNeverRun(code, output)) return failed(`cannot be executed: ${terminalText(program)}`, output);
  return failed(`exited with ${code}`, output);
}

function refusal(code: string, program: string): string {
  const name = terminalText(program);
  if (code === "E2BIG") return "has more arguments than the system takes";
  if (code === "EACCES" || code === "EPERM") return `may not be executed by this daemon: ${name}`;
  // The program was there a moment ago, so its interpreter is missing.
  if (code === "ENOENT") return `cannot be executed: ${name}`;
  return `could not be started (${code}): ${name}`;
}

type Found = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly reason: string };

/** Searches a program as execvp(3) does; a name with a slash is a path, from the root directory if it is relative. */
async function findProgram(program: string, path: string): Promise<Found> {
  const candidates = program.includes("/")
    ? [join("/", program)]
    : path.split(":").filter((directory) => directory.startsWith("/")).map((directory) => join(directory, program));
  const name = terminalText(program);
  let reason = program.includes("/") ? `is not there: ${name}` : `is not there: ${name} is in no directory of PATH`;
  for (const candidate of program === "" ? [] : candidates) {
    const info = await Deno.stat(candidate).catch((error: unknown) => {
      if (error instanceof Deno.errors.PermissionDenied) reason = `may not be reached by this daemon: ${name}`;
      return null;
    });
    if (info?.isFile && (info.mode! & 0o111) !== 0) return { ok: true, path: candidate };
    if (info !== null) reason = info.isFile ? `is not executable: ${name}` : `is not a program: ${name}`;
  }
  return { ok: false, reason };
}
