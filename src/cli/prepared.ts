// What a daemon is told before it is started: its options, where its source is, and whether the paths can be what they
// are named for. `run` starts on it and `doctor` judges it, so that both mean the same by the same arguments.
import { resolve } from "node:path";
import { type Diagnostic, errorDiagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceText } from "../diagnostic/range.ts";
import { type FlagSetting, parseFlagSetting, readOptions } from "../process/option_reader.ts";
import type { Options } from "../process/options.ts";
import { readOptionsFile } from "../process/options_file.ts";
import { findSource, type SourcePath } from "../process/source_path.ts";
import { environmentFilePath } from "../source/inputs.ts";
import { withinLimit } from "../time/limit.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";

/** What the command line says of options and source. */
export interface OptionRequest {
  /** The source; null: from the options, the environment or the search. */
  readonly config: string | null;
  /** The options file; null: none. */
  readonly optionsFile: string | null;
  /** Settings given by flags of their own, as `Section:Key` and value. */
  readonly settings: readonly FlagSetting[];
  /** The arguments of `--set`, each `Section:Key=value`. */
  readonly set: readonly string[];
}

/** Options with what was odd about them, or what is wrong and the code to exit with. */
export type RequestedOptions =
  | { readonly ok: true; readonly options: Options; readonly warnings: readonly Diagnostic[] }
  | {
    readonly ok: false;
    readonly code: ExitCode;
    readonly diagnostics: readonly Diagnostic[];
    /** The options file, where it could be read. */
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
    const parsed = parseFlagSetting("--set", argument);
    if (!parsed.ok) return { ok: false, code: EXIT.usage, diagnostics: [parsed.diagnostic], sources: [] };
    flags.push(parsed.setting);
  }
  const result = readOptions({ flags, environment, file });
  if (result.ok) return result;
  return { ok: false, code: EXIT.usage, diagnostics: result.diagnostics, sources: file ? [file] : [] };
}

/** Where the source is searched: in the working directory, then where Honua's servers have theirs. */
const SEARCHED = [".", "/etc/honua"];

/** Finds the source: the flag, the options, the environment, else the search in the directories. */
export function requestedSource(
  config: string | null,
  options: Options,
  environment: Readonly<Record<string, string>>,
  directories: readonly string[] = SEARCHED,
): Promise<SourcePath> {
  const option = options.honua.configurationV2.path;
  return findSource({ flag: config, option, environment, directories });
}

/** What is wrong where the snapshot would be written over a file that the daemon reads; null: nothing. */
export async function pathClash(
  source: string,
  optionsFile: string | null,
  options: Options,
): Promise<Diagnostic | null> {
  const { environmentFiles } = options.configurationWatcher;
  const files = [source, optionsFile, ...environmentFiles.map(environmentFilePath)].filter((file) => file !== null);
  const [snapshot, ...real] = await Promise.all([options.snapshot.path, ...files].map(realPath));
  const read = files.find((_, index) => real[index] === snapshot);
  if (read === undefined) return null;
  return errorDiagnostic("options/value", `Snapshot:Path names a file that is read: ${read}`, {
    why: "The snapshot would be written over it",
    suggestion: "Give the snapshot a path of its own",
  });
}

const REAL_PATH_LIMIT_MILLISECONDS = 2_000;

/** Without an answer a path counts as it is written: what hangs is found by those that read and write it. */
async function realPath(path: string): Promise<string> {
  const found = await withinLimit(Deno.realPath(path).catch(() => null), REAL_PATH_LIMIT_MILLISECONDS);
  return (found.ok ? found.value : null) ?? resolve(path);
}
