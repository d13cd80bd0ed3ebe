// The path of the source: named by a flag, the options or HONUA_CONFIG_PATH, else searched for as Honua's servers do. A
// named path is used unchanged, even if no file is there; only the search checks that a file exists.
import { type Diagnostic, errorDiagnostic } from "../diagnostic/diagnostic.ts";
import type { Options } from "./options.ts";

/** The names and the directories of a search; directories are absolute or relative to the process. */
export interface SourceSearch {
  readonly flag: string | null;
  /** The options that name the source, or the file that Honua's servers load. */
  readonly options: Options["honua"];
  /** The process's: `HONUA_CONFIG_PATH`, and the name of the deployment's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Searched in this order: the working directory, then `/etc/honua`. */
  readonly directories: readonly string[];
  /** Default: whether a regular file is there. */
  readonly exists?: (path: string) => Promise<boolean>;
}

/** The path of the source, and the reason for it. */
export interface FoundSource {
  /** The path as it was named or found. */
  readonly path: string;
  /** A flag, a setting or a variable, or the search and the variable that names its environment. */
  readonly decidedBy: string;
}

/** The source's path, or an error that lists the paths tried. */
export type SourcePath =
  | { readonly ok: true } & FoundSource
  | { readonly ok: false; readonly diagnostic: Diagnostic };

/** The variables that name the deployment's environment: ours, then those of ASP.NET Core in its order. */
const ENVIRONMENT_VARIABLES = ["HONUA_ENVIRONMENT", "DOTNET_ENVIRONMENT", "ASPNETCORE_ENVIRONMENT"];

/** ASP.NET Core's. */
const DEFAULT_ENVIRONMENT = "Production";

/**
 * Finds the source. The first of these that is set names it: the flag, `Honua:ConfigurationV2:Path`,
 * `HONUA_CONFIG_PATH`, `Honua:ConfigPath`. Otherwise it searches each directory, in this order, for
 * `honua.<environment>`, `honua.config`, `honua`, each as `.hcl` then `.honua`, and `config.hcl`. The environment is
 * tried in lower case, as Honua's servers do, then as written; if no variable names it, it is `Production`. A name that
 * could not be part of a file's name is not tried.
 */
export async function findSource(search: SourceSearch): Promise<SourcePath> {
  const named = namedSource(search);
  if (named !== null) return { ok: true, ...named };
  const { exists = isFile } = search;
  const { variable } = deployment(search.environment);
  const names = sourceNames(search.environment);
  const environment = variable === null
    ? `the environment is ${DEFAULT_ENVIRONMENT}, since no variable names it`
    : `${variable} names the environment`;
  for (const directory of search.directories) {
    for (const name of names) {
      const path = `${directory.replace(/\/+$/, "")}/${name}`;
      if (await exists(path)) return { ok: true, path, decidedBy: `the search (${environment})` };
    }
  }
  // A diagnostic quotes nothing that came from the environment.
  const tried = variable === null ? names : namesOf(["honua.<environment>"]);
  return {
    ok: false,
    diagnostic: errorDiagnostic("options/no-source", "No configuration file was found", {
      path: "Honua:ConfigurationV2:Path",
      why: `Looked in ${search.directories.join(" and ")} for ${tried.join(", ")}; ${environment}`,
      suggestion: "Name the file, or set HONUA_CONFIG_PATH or Honua:ConfigurationV2:Path",
    }),
  };
}

/** The names to look for, the most specific first. */
export function sourceNames(environment: Readonly<Record<string, string>>): string[] {
  const { name } = deployment(environment);
  const usable = /^[\w-][\w.-]{0,63}$/.test(name);
  return namesOf(usable ? [`honua.${name.toLowerCase()}`, `honua.${name}`] : []);
}

function namedSource({ flag, options, environment }: SourceSearch): FoundSource | null {
  const candidates: readonly (readonly [string, string | null | undefined])[] = [
    ["--config", flag],
    ["Honua:ConfigurationV2:Path", options.configurationV2.path],
    ["HONUA_CONFIG_PATH", environment["HONUA_CONFIG_PATH"]],
    ["Honua:ConfigPath", options.configPath],
  ];
  for (const [decidedBy, path] of candidates) if (path) return { path, decidedBy };
  return null;
}

function namesOf(particular: readonly string[]): string[] {
  const names = [...particular, "honua.config", "honua"].flatMap((stem) => [`${stem}.hcl`, `${stem}.honua`]);
  return [...new Set([...names, "config.hcl"])];
}

/** The environment's name, and the variable that gives it; an empty variable counts as unset. */
function deployment(environment: Readonly<Record<string, string>>): { name: string; variable: string | null } {
  for (const variable of ENVIRONMENT_VARIABLES) {
    const name = environment[variable]?.trim();
    if (name) return { name, variable };
  }
  return { name: DEFAULT_ENVIRONMENT, variable: null };
}

/** Whether a regular file is there, also through a symlink; an inaccessible one counts as absent. */
async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
