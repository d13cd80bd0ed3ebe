// The settings of a unit in an installation: its options file, its environment, and the directories in which it looks
// for its source and its credentials. They come from systemd, or if it does not know the unit, from the unit's name.
import { type Judgement, note } from "./finding.ts";
import type { Machine } from "./machine.ts";
import {
  environmentFilesIn,
  environmentIn,
  propertyOf,
  readUnitEnvironment,
  type UnitFacts,
  workingDirectoryIn,
} from "./unit_facts.ts";

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

export interface UnitSettings {
  readonly optionsFile: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The environment files that were read. */
  readonly environmentFiles: readonly string[];
  /** The base of relative paths (systemd.exec(5), `WorkingDirectory=`). */
  readonly workingDirectory: string;
  /** About `options/file`. */
  readonly notes: readonly Judgement[];
}

/** The value of `%i`; null: the unit is no instance. */
function instanceOf(unit: string): string | null {
  return /^honua-configd@(.+)\.service$/.exec(unit)?.[1] ?? null;
}

/**
 * Reads the settings of a unit; null: nothing is installed under its name. `environment` is the doctor's own: it is the
 * daemon's too if systemd does not start the daemon (in a container), and else unrelated to it.
 */
export async function readUnitSettings(
  name: string,
  unit: UnitFacts,
  environment: Readonly<Record<string, string>>,
  machine: Pick<Machine, "look" | "readText">,
  installation: Installation,
): Promise<UnitSettings | null> {
  const instance = instanceOf(name);
  const { optionsDirectory } = installation;
  const optionsFile = `${optionsDirectory}/${instance ?? "options"}.json`;
  const isLoaded = propertyOf(unit, "LoadState") === "loaded";
  const looked = await machine.look(optionsFile);
  if (!looked.ok && looked.code === "ENOENT" && instance === null && !isLoaded) return null;
  const files = isLoaded
    ? environmentFilesIn(propertyOf(unit, "EnvironmentFiles"))
    : [`${optionsDirectory}/${instance === null ? "environment" : `${instance}.environment`}`];
  const { variables, read, unread } = await readUnitEnvironment(machine, files);
  const own = isLoaded
    ? environmentIn(propertyOf(unit, "Environment"))
    : { ...environment, ...instanceEnvironment(instance, installation) };
  return {
    optionsFile,
    environment: { ...own, ...Object.fromEntries(variables) },
    environmentFiles: read,
    workingDirectory: workingDirectoryIn(propertyOf(unit, "WorkingDirectory")),
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
