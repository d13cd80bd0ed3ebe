// What systemd knows of the daemon's unit. A host that systemd does not run has none, and that is a fact like others.
import type { Machine } from "./machine.ts";

/** What systemd knows, or why nothing. */
export type UnitFacts =
  /** The host was not booted with systemd (sd_booted(3)). */
  | { readonly state: "no-systemd" }
  /** There is no such unit. */
  | { readonly state: "not-installed"; readonly name: string }
  /** systemd does not answer. */
  | { readonly state: "unknown"; readonly name: string; readonly why: string }
  | {
    readonly state: "known";
    readonly name: string;
    /** systemctl(1), `show`: by their names. */
    readonly properties: Readonly<Record<string, string>>;
  };

const PROPERTIES = [
  "LoadState",
  "UnitFileState",
  "ActiveState",
  "SubState",
  "Result",
  "NRestarts",
  "MainPID",
  "FragmentPath",
  "DropInPaths",
  "NeedDaemonReload",
  "Type",
  "NotifyAccess",
  "ExecStart",
  "User",
  "SupplementaryGroups",
  "StatusText",
  "Environment",
  "EnvironmentFiles",
  "WorkingDirectory",
];

/** Whether systemd has read the unit's files and could use them. */
export function isLoaded(unit: UnitFacts): unit is Extract<UnitFacts, { state: "known" }> {
  return unit.state === "known" && unit.properties["LoadState"] === "loaded";
}

/** Asks systemd for a unit. */
export async function readUnit(
  machine: Pick<Machine, "look" | "run">,
  name: string,
  signal: AbortSignal,
): Promise<UnitFacts> {
  if (!(await machine.look("/run/systemd/system")).ok) return { state: "no-systemd" };
  const args = ["show", "--no-pager", `--property=${PROPERTIES.join(",")}`, "--", name];
  const ran = await machine.run("systemctl", args, signal);
  if (ran === null) return { state: "unknown", name, why: "There is no systemctl" };
  if (ran.code !== 0) return { state: "unknown", name, why: ran.error.trim().split("\n")[0] ?? "" };
  const properties = propertiesIn(ran.out);
  if (properties["LoadState"] === "not-found") return { state: "not-installed", name };
  return { state: "known", name, properties };
}

/** `Name=value` lines; a name that is not asked for is left out, and one that comes again (a list) has several lines. */
export function propertiesIn(text: string, asked: readonly string[] = PROPERTIES): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const name = line.slice(0, Math.max(line.indexOf("="), 0));
    if (!asked.includes(name)) continue;
    const value = line.slice(name.length + 1);
    properties[name] = Object.hasOwn(properties, name) ? `${properties[name]}\n${value}` : value;
  }
  return properties;
}

/**
 * The assignments of `Environment=` as systemctl shows them: words with a space between, one that a shell would take
 * apart in double quotes, in which a backslash stands before `"`, `\`, `` ` `` and `$`, and control characters are
 * written as C writes them (systemd's shell_maybe_quote() in src/basic/escape.c).
 */
export function environmentIn(shown: string): Record<string, string> {
  const words = [...shown.matchAll(/"((?:[^"\\]|\\.)*)"|([^\s"]\S*)/gs)].map(([, quoted, bare]) =>
    bare ?? quoted!.replaceAll(/\\(?:([0-3][0-7]{2})|(.))/gs, unescaped)
  );
  const assignments = words.filter((word) => word.includes("="));
  return Object.fromEntries(
    assignments.map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]),
  );
}

/** The paths of `EnvironmentFiles=` as systemctl shows them, one on each line. */
export function environmentFilesIn(shown: string): string[] {
  return shown.split("\n").map((line) => line.replace(/ \(ignore_errors=\w+\)$/, "")).filter(Boolean);
}

/** The path of `WorkingDirectory=`: systemctl(1) shows `!` before one that may be missing, and `~` for the user's home. */
export function workingDirectoryIn(shown: string): string {
  return /^!?(\/.*)$/.exec(shown)?.[1] ?? "/";
}

const CONTROL_CHARACTERS: ReadonlyMap<string, string> = new Map([
  ["a", "\x07"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
]);

function unescaped(_: string, octal: string | undefined, character: string): string {
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
  return CONTROL_CHARACTERS.get(character) ?? character;
}

/** The binary that a unit starts: `{ path=/usr/bin/honua-configd ; argv[]=… }`; null where there is none. */
export function binaryOf(execStart: string): string | null {
  return /^\{ path=(\S+) ;/.exec(execStart)?.[1] ?? null;
}
