// The preparation of a daemon: its options, the path of its source, and a check that no path has two uses. `run` starts
// with it and `doctor` examines it, so that both mean the same by the same arguments.
import { resolve } from "node:path";
import { type Diagnostic, errorDiagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceText } from "../diagnostic/range.ts";
import { type FlagSetting, parseFlagSetting, readOptions } from "../options/option_reader.ts";
import type { Options } from "../options/options.ts";
import { readOptionsFile } from "../options/options_file.ts";
import { findSource, type FoundSource, type SourcePath } from "../options/source_path.ts";
import { environmentFilePath } from "../source/inputs.ts";
import { withinLimit } from "../time/limit.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";

/** The part of a command line that concerns options and source. */
export interface OptionRequest {
  /** The source; null: from the options, the environment or the search. */
  readonly config: string | null;
  /** Null: none. */
  readonly optionsFile: string | null;
  /** Settings from their own flags, as `Section:Key` and value. */
  readonly settings: readonly FlagSetting[];
  /** The arguments of `--set`, each `Section:Key=value`. */
  readonly set: readonly string[];
}

/** Options with warnings, or mistakes with the exit code. */
export type RequestedOptions =
  | {
    readonly ok: true;
    readonly options: Options;
    readonly warnings: readonly Diagnostic[];
    /** Settings of the options file that are not the daemon's. */
    readonly foreign: readonly string[];
  }
  | {
    readonly ok: false;
    readonly code: ExitCode;
    readonly diagnostics: readonly Diagnostic[];
    /** The options file, if it could be read. */
    readonly sources: readonly SourceText[];
  };

/** Reads the options from flags, environment and file. */
export async function requestedOptions(
  request: OptionRequest,
  environment: Readonly<Record<string, string>>,
): Promise<RequestedOptions> {
  let file: SourceText | null = null;
  if (request.optionsFile !== null) {
    const read = await readOptionsFile(request.optionsFile);
    if (!read.ok) return { ok: false, code: EXIT.unavailable, diagnostics: [read.diagnostic], sources: [] };
    file = read.source;
  }
  const flags = [...request.settings];
  for (const argument of request.set) {
    const parsed = parseFlagSetting(argument);
    if (!parsed.ok) return { ok: false, code: EXIT.usage, diagnostics: [parsed.diagnostic], sources: [] };
    flags.push(parsed.setting);
  }
  const result = readOptions({ flags, environment, file });
  if (result.ok) return result;
  return { ok: false, code: EXIT.usage, diagnostics: result.diagnostics, sources: file ? [file] : [] };
}

/** The search begins in the working directory, and goes on in the directory of Honua's servers. */
const SEARCHED = [".", "/etc/honua"];

/** A source, also none on purpose: it is in the store. */
export type RequestedSource = SourcePath | { readonly ok: true; readonly path: null };

/**
 * Finds the source: the flag, the options, the environment, else the search in the directories. None is looked for if
 * the store has the source, and none need be found if the store may have it.
 */
export async function requestedSource(
  config: string | null,
  options: Options,
  environment: Readonly<Record<string, string>>,
  directories: readonly string[] = SEARCHED,
): Promise<RequestedSource> {
  const { from } = options.source;
  if (from === "store") return { ok: true, path: null };
  const found = await findSource({ flag: config, options: options.honua, environment, directories });
  return found.ok || from === "file" ? found : { ok: true, path: null };
}

/** The files that the daemon writes for servers, each with the option that names it. */
function outputsOf({ snapshot }: Options): { readonly option: string; readonly path: string }[] {
  const { path, serverPath } = snapshot;
  const server = serverPath === null ? [] : [{ option: "Snapshot:ServerPath", path: serverPath }];
  return [{ option: "Snapshot:Path", path }, ...server];
}

/** The mistake if the daemon would write over a file that it reads or writes; null: none. */
export async function pathClash(
  source: FoundSource | null,
  optionsFile: string | null,
  options: Options,
): Promise<Diagnostic | null> {
  const { environmentFiles } = options.configurationWatcher;
  const others = [optionsFile, ...environmentFiles.map(environmentFilePath)].filter((file) => file !== null);
  const outputs = outputsOf(options);
  const realOutputs = await Promise.all(outputs.map(({ path }) => realPath(path)));
  const realSource = source === null ? null : await realPath(source.path);
  const realOthers = await Promise.all(others.map(realPath));
  for (const [index, { option }] of outputs.entries()) {
    if (source !== null && realOutputs[index] === realSource) return readsItsOutput(source, option);
    const read = others.find((_, at) => realOthers[at] === realOutputs[index]);
    if (read !== undefined) {
      return errorDiagnostic("options/value", `${option} names a file that is read: ${read}`, {
        why: "The daemon would write over it",
        suggestion: "Give the daemon's file its own path",
      });
    }
  }
  if (realOutputs[0] !== realOutputs[1]) return null;
  return errorDiagnostic("options/value", "Snapshot:ServerPath names the file of Snapshot:Path", {
    why: "The snapshot and the server form are two files",
    suggestion: "Give each its own path",
  });
}

/** An options file that a server shares may name the daemon's output as the server's configuration. */
function readsItsOutput({ path, decidedBy }: FoundSource, option: string): Diagnostic {
  return errorDiagnostic("options/value", `The source would be a file that the daemon writes: ${path}`, {
    path: option,
    why: `${decidedBy} and ${option} name one file, and the daemon would read its own output`,
    suggestion: decidedBy === "--config"
      ? "Name another file"
      : "Name the source with --config, or with Honua__ConfigurationV2__Path in the daemon's environment",
  });
}

const REAL_PATH_LIMIT_MILLISECONDS = 2_000;

/**
 * Without an answer the path counts as it is written: the code that reads or writes the file will find that it hangs.
 */
async function realPath(path: string): Promise<string> {
  const found = await withinLimit(Deno.realPath(path).catch(() => null), REAL_PATH_LIMIT_MILLISECONDS);
  return (found.ok ? found.value : null) ?? resolve(path);
}
