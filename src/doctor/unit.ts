// A unit as systemd knows it, and its settings: the options file, the environment, and the directories in which it looks
// for its source and its credentials. If systemd does not know the unit, they come from the unit's name.
import { join } from "node:path";
import { parseEnvironmentFile } from "../config/environment.ts";
import { sourceText } from "../diagnostic/range.ts";
import { note } from "./finding.ts";
import type { Machine } from "./machine.ts";

/** A unit as systemd knows it. */
export interface UnitFacts {
  readonly name: string;
  /** `no-systemd`: the host was not booted with it (sd_booted(3)); `unknown`: it does not answer. */
  readonly state: "no-systemd" | "not-installed" | "unknown" | "known";
  /** systemctl(1), `show`; empty if the unit is not known. */
  readonly properties: Readonly<Record<string, string>>;
  /** The reason if the state is `unknown`. */
  readonly why?: string;
}

const PROPERTIES = ("LoadState UnitFileState ActiveState SubState Result NRestarts FragmentPath " +
  "NeedDaemonReload ExecStart User SupplementaryGroups StatusText Environment EnvironmentFiles WorkingDirectory")
  .split(" ");

export function isActive({ properties }: UnitFacts): boolean {
  return properties["ActiveState"] === "active";
}

function isLoaded({ properties }: UnitFacts): boolean {
  return properties["LoadState"] === "loaded";
}

/** Asks systemd for a unit. */
export async function readUnit(
  machine: Pick<Machine, "look" | "run">,
  name: string,
  signal: AbortSignal,
): Promise<UnitFacts> {
  const unknown = { name, properties: {} };
  if (!(await machine.look("/run/systemd/system")).ok) return { ...unknown, state: "no-systemd" };
  const args = ["show", "--no-pager", `--property=${PROPERTIES.join(",")}`, "--", name];
  const ran = await machine.run("systemctl", args, signal).catch((error: Error) => ({
    code: 1,
    out: "",
    error: error.message,
  }));
  if (ran === null) return { ...unknown, state: "unknown", why: "There is no systemctl" };
  if (ran.code !== 0) return { ...unknown, state: "unknown", why: ran.error.trim().split("\n")[0] ?? "" };
  const properties = propertiesIn(ran.out);
  return properties["LoadState"] === "not-found"
    ? { ...unknown, state: "not-installed" }
    : { name, state: "known", properties };
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
  const assignments = words.map((word) => /^([^=]*)=(.*)$/s.exec(word)).filter((one) => one !== null);
  return Object.fromEntries(assignments.map(([, name, value]) => [name, value]));
}

const CONTROLS: Readonly<Record<string, string>> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

function unescaped(_: string, octal: string | undefined, character: string): string {
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
  return CONTROLS[character] ?? character;
}

/** The paths of `EnvironmentFiles=` as systemctl shows them, one on each line. */
export function filesIn(shown: string): string[] {
  return shown.split("\n").map((line) => line.replace(/ \(ignore_errors=\w+\)$/, "")).filter(Boolean);
}

/** Reads a unit's environment files; a later one wins. `unread`: `path: code` of those that are not readable. */
export async function readEnvironment(machine: Pick<Machine, "readText">, files: readonly string[]) {
  const texts = await Promise.all(files.map(async (file) => ({ file, ...await machine.readText(file) })));
  const found = texts.filter((one) => one.ok);
  const variables = found.flatMap(({ file, text }) => [...parseEnvironmentFile(sourceText(file, text)).variables]);
  return {
    variables,
    read: found.map(({ file }) => file),
    unread: texts.flatMap((one) => one.ok || one.code === "ENOENT" ? [] : [`${one.file}: ${one.code}`]),
  };
}

/** The path of `WorkingDirectory=`; systemctl(1) shows `!` before one that may be missing, `~` for the user's home. */
export function workingDirectoryIn(shown: string): string {
  return /^!?(\/.*)$/.exec(shown)?.[1] ?? "/";
}

/** As the package and install.sh make it. */
export const INSTALLATION = {
  /** Options, environment files and credentials. */
  optionsDirectory: "/etc/honua-configd",
  /** Searched for the source after the working directory. */
  sourceDirectory: "/etc/honua",
  /** Each instance has its snapshot and state in a directory in it. */
  stateDirectory: "/var/lib/honua-configd",
  /** Each instance has its admin socket in a directory in it. */
  runtimeDirectory: "/run/honua-configd",
};

/** The directories of an installation. */
export type Installation = Readonly<typeof INSTALLATION>;

/** The value of `%i`; null: the unit is no instance. */
function instanceOf(unit: string): string | null {
  return /^honua-configd@(.+)\.service$/.exec(unit)?.[1] ?? null;
}

/**
 * Reads the settings of a unit; null: nothing is installed under its name. `environment` is the doctor's own: it is the
 * daemon's too if systemd does not start the daemon (in a container), and else unrelated to it.
 */
export async function readUnitSettings(
  unit: UnitFacts,
  environment: Readonly<Record<string, string>>,
  machine: Pick<Machine, "look" | "readText">,
  installation: Installation,
) {
  const { name, properties } = unit;
  const instance = instanceOf(name);
  const { optionsDirectory } = installation;
  const optionsFile = `${optionsDirectory}/${instance ?? "options"}.json`;
  const looked = await machine.look(optionsFile);
  if (!looked.ok && looked.code === "ENOENT" && instance === null && !isLoaded(unit)) return null;
  const files = isLoaded(unit)
    ? filesIn(properties["EnvironmentFiles"] ?? "")
    : [`${optionsDirectory}/${instance === null ? "environment" : `${instance}.environment`}`];
  const { variables, read, unread } = await readEnvironment(machine, files);
  const own = isLoaded(unit)
    ? environmentIn(properties["Environment"] ?? "")
    : { ...environment, ...instanceEnvironment(instance, installation) };
  return {
    optionsFile,
    environment: { ...own, ...Object.fromEntries(variables) },
    environmentFiles: read,
    // The base of relative paths (systemd.exec(5)).
    workingDirectory: workingDirectoryIn(properties["WorkingDirectory"] ?? ""),
    // About `options/file`.
    notes: [
      note(`No --options: those of ${name} are examined, ${optionsFile}`),
      ...unread.map((file) => note(`The unit's environment is not known: ${file}`, "Ask as root")),
    ],
  };
}

/** The `Environment=` of honua-configd@.service. */
function instanceEnvironment(instance: string | null, installation: Installation): Record<string, string> {
  if (instance === null) return {};
  return {
    HONUA_CONFIG_PATH: `${installation.sourceDirectory}/${instance}.hcl`,
    Snapshot__Path: `${installation.stateDirectory}/${instance}/config.snapshot.json`,
    Admin__Socket: `${installation.runtimeDirectory}/${instance}/admin.sock`,
    HighAvailability__ConfigurationChannel: `honua:config:changes:${instance}`,
  };
}

/** The directories of a unit's credentials: those of a running unit first, the one that an operator fills last. */
export function credentialDirectoriesOf(
  unit: string,
  environment: Readonly<Record<string, string>>,
  { optionsDirectory }: Installation,
): string[] {
  const own = environment["CREDENTIALS_DIRECTORY"];
  const instance = instanceOf(unit);
  const store = `${optionsDirectory}/credentials${instance === null ? "" : `/${instance}`}`;
  return [...(own ? [own] : []), `/run/credentials/${unit}`, store];
}

/** A bare name is a credential's if there is such a credential (systemd.exec(5)); null: it is a path. */
export async function credentialIn(
  directories: readonly string[],
  named: string,
  machine: Pick<Machine, "look">,
): Promise<string | null> {
  for (const path of named.includes("/") ? [] : directories.map((directory) => join(directory, named))) {
    if ((await machine.look(path)).ok) return path;
  }
  return null;
}
