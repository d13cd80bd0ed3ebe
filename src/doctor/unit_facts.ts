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
  "FragmentPath",
  "DropInPaths",
  "NeedDaemonReload",
  "Type",
  "NotifyAccess",
  "ExecStart",
  "User",
  "SupplementaryGroups",
  "StatusText",
];

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

/** `Name=value` lines; a name that is not asked for is left out. */
export function propertiesIn(text: string): Record<string, string> {
  const lines = text.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]);
  return Object.fromEntries(lines.filter(([name]) => PROPERTIES.includes(name!)));
}

/** The binary that a unit starts: `{ path=/usr/bin/honua-configd ; argv[]=… }`; null where there is none. */
export function binaryOf(execStart: string): string | null {
  return /^\{ path=(\S+) ;/.exec(execStart)?.[1] ?? null;
}
