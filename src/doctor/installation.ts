// What a unit runs with in an installation: its options file, its environment, where it looks for its source and where
// its credentials are. What systemd says of the unit counts; where it says nothing, the unit's name tells.
import { parseEnvironmentFile } from "../config/environment.ts";
import { sourceText } from "../diagnostic/range.ts";
import { type Finding, note } from "./finding.ts";
import type { Machine } from "./machine.ts";
import { environmentFilesIn, environmentIn, isLoaded, type UnitFacts, workingDirectoryIn } from "./unit_facts.ts";

/** The directories of an installation. */
export interface Installation {
  /** Options, environment files and credentials. */
  readonly optionsDirectory: string;
  /** Where the source is searched after the working directory. */
  readonly sourceDirectory: string;
  /** In which each instance has its snapshot and state. */
  readonly stateDirectory: string;
  /** In which each instance has its admin socket. */
  readonly runtimeDirectory: string;
}

/** As the package and install.sh make it. */
export const INSTALLATION: Installation = {
  optionsDirectory: "/etc/honua-configd",
  sourceDirectory: "/etc/honua",
  stateDirectory: "/var/lib/honua-configd",
  runtimeDirectory: "/run/honua-configd",
};

/** What the unit gives the daemon. */
export interface UnitSettings {
  /** Its options file. */
  readonly optionsFile: string;
  /** Its variables. */
  readonly environment: Readonly<Record<string, string>>;
  /** The environment files that were read. */
  readonly environmentFiles: readonly string[];
  /** Where a relative path of its begins (systemd.exec(5), `WorkingDirectory=`). */
  readonly workingDirectory: string;
  /** What is to be said of all this. */
  readonly findings: readonly Finding[];
}

/** The instance's name as `%i` has it; null for a unit that is no instance. */
function instanceOf(unit: string): string | null {
  return /^honua-configd@(.+)\.service$/.exec(unit)?.[1] ?? null;
}

/**
 * Finds out what a unit runs with; null where nothing is installed under its name. `environment` is that of who asks:
 * it is the daemon's as well where systemd does not start it (a container's), and else has nothing to do with it.
 */
export async function readUnitSettings(
  name: string,
  unit: UnitFacts,
  environment: Readonly<Record<string, string>>,
  machine: Pick<Machine, "look" | "readText">,
  installation: Installation,
): Promise<UnitSettings | null> {
  const instance = instanceOf(name);
  const optionsFile = `${installation.optionsDirectory}/${instance ?? "options"}.json`;
  const looked = await machine.look(optionsFile);
  const isMeant = looked.ok || looked.code !== "ENOENT" || instance !== null || isLoaded(unit);
  if (!isMeant) return null;
  const findings = [note("options/file", `No --options: those of ${name} are examined, ${optionsFile}`)];
  const variables = new Map<string, string>();
  const environmentFiles: string[] = [];
  for (const file of environmentFilesOf(instance, unit, installation)) {
    const read = await machine.readText(file);
    if (read.ok) {
      environmentFiles.push(file);
      for (const [name, value] of parseEnvironmentFile(sourceText(file, read.text)).variables) {
        variables.set(name, value);
      }
    } else if (read.code !== "ENOENT") {
      const what = `The unit's environment is not known: ${file}: ${read.code}`;
      findings.push(note("options/file", what, "Ask as root"));
    }
  }
  const own = isLoaded(unit)
    ? environmentIn(unit.properties["Environment"] ?? "")
    : { ...environment, ...instanceEnvironment(instance, installation) };
  return {
    optionsFile,
    environment: { ...own, ...Object.fromEntries(variables) },
    environmentFiles,
    workingDirectory: workingDirectoryOf(unit),
    findings,
  };
}

/** The `EnvironmentFile=` of the unit. */
function environmentFilesOf(instance: string | null, unit: UnitFacts, { optionsDirectory }: Installation): string[] {
  if (!isLoaded(unit)) {
    return [instance === null ? `${optionsDirectory}/environment` : `${optionsDirectory}/${instance}.environment`];
  }
  return environmentFilesIn(unit.properties["EnvironmentFiles"] ?? "");
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

function workingDirectoryOf(unit: UnitFacts): string {
  return workingDirectoryIn(unit.state === "known" ? unit.properties["WorkingDirectory"] ?? "" : "");
}

/** Where a unit's credentials are: while it runs, and last where an operator puts them. */
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
