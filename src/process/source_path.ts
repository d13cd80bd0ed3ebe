// Where the source is: named by a flag, the options or HONUA_CONFIG_PATH, else looked for as Honua's servers do. A
// named path is taken as it is, whether the file is there yet or not; only the search asks what exists.
import { type Diagnostic, errorDiagnostic } from "../diagnostic/diagnostic.ts";

/** What may name the source, and what the search needs; directories are absolute or relative to the process. */
export interface SourceSearch {
  /** The command line's own. */
  readonly flag: string | null;
  /** `Honua:ConfigurationV2:Path`. */
  readonly option: string | null;
  /** The process's: `HONUA_CONFIG_PATH`, and the name of the deployment's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Searched in this order: the working directory, then `/etc/honua`. */
  readonly directories: readonly string[];
  /** Default: whether a regular file is there. */
  readonly exists?: (path: string) => Promise<boolean>;
}

/** The source's path, or an error that lists what was tried. */
export type SourcePath =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly diagnostic: Diagnostic };

/** The variables that name the deployment's environment, as Honua's servers (ASP.NET Core) know it; ours first. */
const ENVIRONMENT_VARIABLES = ["HONUA_ENVIRONMENT", "ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT"];

/**
 * Finds the source. Tried in each directory, in this order: `honua.<environment>`, `honua.config`, `honua`, each as
 * `.hcl` then `.honua`, and `config.hcl`. The environment is as written, then in lower case; where none is set it is
 * `development`, the default of `honua.environment`. One that could not be part of a file's name is not looked for.
 */
export async function findSource(search: SourceSearch): Promise<SourcePath> {
  if (search.flag) return { ok: true, path: search.flag };
  if (search.option) return { ok: true, path: search.option };
  const named = search.environment["HONUA_CONFIG_PATH"];
  if (named) return { ok: true, path: named };
  const { exists = isFile } = search;
  const names = sourceNames(search.environment);
  for (const directory of search.directories) {
    for (const name of names) {
      const path = `${directory.replace(/\/+$/, "")}/${name}`;
      if (await exists(path)) return { ok: true, path };
    }
  }
  // A diagnostic quotes nothing that came from the environment.
  const tried = givenEnvironment(search.environment) === null ? names : namesOf(["honua.<environment>"]);
  return {
    ok: false,
    diagnostic: errorDiagnostic("options/no-source", "No configuration file was found", {
      path: "Honua:ConfigurationV2:Path",
      why: `Looked in ${search.directories.join(" and ")} for ${tried.join(", ")}`,
      suggestion: "Name the file, or set HONUA_CONFIG_PATH or Honua:ConfigurationV2:Path",
    }),
  };
}

/** The names to look for, the most particular first. */
export function sourceNames(environment: Readonly<Record<string, string>>): string[] {
  const written = givenEnvironment(environment) ?? "development";
  const usable = /^[\w-][\w.-]{0,63}$/.test(written);
  return namesOf(usable ? [`honua.${written}`, `honua.${written.toLowerCase()}`] : []);
}

function namesOf(particular: readonly string[]): string[] {
  const names = [...particular, "honua.config", "honua"].flatMap((stem) => [`${stem}.hcl`, `${stem}.honua`]);
  return [...new Set([...names, "config.hcl"])];
}

function givenEnvironment(environment: Readonly<Record<string, string>>): string | null {
  return ENVIRONMENT_VARIABLES.map((name) => environment[name]?.trim()).find((value) => value) ?? null;
}

/** Whether a regular file is there, also behind a symlink; one that cannot be looked at counts as absent. */
async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
