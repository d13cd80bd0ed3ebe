// The daemon's unit as systemd knows it, and the parts of systemctl's output that facts are read from.
import { parseEnvironmentFile } from "../config/environment.ts";
import { sourceText } from "../diagnostic/range.ts";
import type { Machine } from "./machine.ts";

/** The unit as systemd knows it, or the reason why nothing is known. */
export type UnitFacts =
  /** The host was not booted with systemd (sd_booted(3)). */
  | { readonly state: "no-systemd" }
  | { readonly state: "not-installed"; readonly name: string }
  /** systemd does not answer. */
  | { readonly state: "unknown"; readonly name: string; readonly why: string }
  | {
    readonly state: "known";
    readonly name: string;
    /** systemctl(1), `show`. */
    readonly properties: Readonly<Record<string, string>>;
  };

const PROPERTIES = ("LoadState UnitFileState ActiveState SubState Result NRestarts MainPID FragmentPath DropInPaths " +
  "NeedDaemonReload Type NotifyAccess ExecStart User SupplementaryGroups StatusText Environment EnvironmentFiles " +
  "WorkingDirectory").split(" ");

/** A property of the unit; empty if it is not known. */
export function propertyOf(unit: UnitFacts, name: string): string {
  return unit.state === "known" ? unit.properties[name] ?? "" : "";
}

export function isActive(unit: UnitFacts): boolean {
  return propertyOf(unit, "ActiveState") === "active";
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

/** `Name=value` lines, only of the names asked for; a name that comes again (a list) has several lines. */
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
 * The assignments of `Environment=` as systemctl shows them: words with a space between. A word that a shell would
 * split is in double quotes, with a backslash before `"`, `\`, `` ` `` and `$`, and with control characters as C writes
 * them (systemd's shell_maybe_quote() in src/basic/escape.c).
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

/** Reads a unit's environment files; a later one wins. `unread`: `path: code` of those that are not readable. */
export async function readUnitEnvironment(machine: Pick<Machine, "readText">, files: readonly string[]) {
  const texts = await Promise.all(files.map(async (file) => ({ file, ...await machine.readText(file) })));
  const found = texts.filter((one) => one.ok);
  const variables = found.flatMap(({ file, text }) => [...parseEnvironmentFile(sourceText(file, text)).variables]);
  return {
    variables: new Map(variables),
    read: found.map(({ file }) => file),
    unread: texts.flatMap((one) => one.ok || one.code === "ENOENT" ? [] : [`${one.file}: ${one.code}`]),
  };
}

/** The path of `WorkingDirectory=`; systemctl(1) shows `!` before one that may be missing, `~` for the user's home. */
export function workingDirectoryIn(shown: string): string {
  return /^!?(\/.*)$/.exec(shown)?.[1] ?? "/";
}

const CONTROLS: Readonly<Record<string, string>> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

function unescaped(_: string, octal: string | undefined, character: string): string {
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
  return CONTROLS[character] ?? character;
}

/** The program that a unit starts: `{ path=/usr/bin/honua-configd ; argv[]=… }`; null: none. */
export function binaryOf(execStart: string): string | null {
  return /^\{ path=(\S+) ;/.exec(execStart)?.[1] ?? null;
}
