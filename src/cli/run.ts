// `honua-configd run`: the daemon, or with --once a single load. It answers signals, and whatever happens it is gone
// within two seconds of being told to stop.
import { resolve } from "node:path";
import { type Diagnostic, errorDiagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceText } from "../diagnostic/range.ts";
import { renderLine, renderText } from "../diagnostic/render.ts";
import { startDaemon } from "../daemon.ts";
import { type Logger, standardErrorLogger } from "../process/log.ts";
import { type FlagSetting, parseFlagSetting, readOptions } from "../process/option_reader.ts";
import { readOptionsFile } from "../process/options_file.ts";
import type { Options } from "../process/options.ts";
import { onSignals } from "../process/signals.ts";
import { findSource } from "../process/source_path.ts";
import { environmentFilePath } from "../source/inputs.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import type { Terminal } from "./terminal.ts";
import { VERSION } from "./version.ts";

/** What was asked for on the command line. */
export interface RunRequest {
  /** The source; null: from the options, the environment or the search. */
  readonly config: string | null;
  /** The options file; null: none. */
  readonly optionsFile: string | null;
  /** Settings given by flags of their own, as `Section:Key` and value. */
  readonly settings: readonly FlagSetting[];
  /** The arguments of `--set`, each `Section:Key=value`. */
  readonly set: readonly string[];
  /** Load, write, and end with the outcome. */
  readonly once: boolean;
}

/** How long stopping may take before the process just ends. */
const STOP_LIMIT_MILLISECONDS = 1_800;

/** Runs the daemon until it is told to stop, or loads once. */
export async function run(request: RunRequest, terminal: Terminal): Promise<ExitCode> {
  const complain = (diagnostics: readonly Diagnostic[], sources: readonly SourceText[] = []) => {
    const frames = new Map(sources.map((source) => [source.name, { source, secretRanges: null }]));
    terminal.error(renderText(diagnostics, { sources: frames, colour: terminal.colourError, frames: true }));
  };
  const read = await optionsOf(request, terminal);
  if (!read.ok) {
    complain(read.diagnostics, read.sources);
    return read.code;
  }
  const { options, warnings } = read;
  const source = await findSource({
    flag: request.config,
    option: options.honua.configurationV2.path,
    environment: terminal.environment,
    directories: [".", "/etc/honua"],
  });
  if (!source.ok) {
    complain([source.diagnostic]);
    return EXIT.unavailable;
  }
  const clash = await pathClash(source.path, request.optionsFile, options);
  if (clash) {
    complain([clash]);
    return EXIT.usage;
  }
  const log = standardErrorLogger(options.logging, terminal.environment);
  const { optionsFile, once } = request;
  announce(log, options, source.path, once);
  for (const warning of warnings) log.warning(renderLine(warning));
  const settings = {
    options,
    sourcePath: source.path,
    optionsPath: optionsFile,
    environment: terminal.environment,
    log,
  };
  const daemon = await startDaemon(settings);
  if ("failure" in daemon) {
    log.critical(`Cannot start: ${daemon.failure}`);
    return EXIT.unavailable;
  }
  await using _daemon = daemon;
  if (!once) return await untilStopped(daemon, log);
  daemon.reload();
  const outcome = await daemon.settled();
  return outcome === "in-force" ? EXIT.done : outcome === "rejected" ? EXIT.invalid : EXIT.unavailable;
}

type ReadOptions =
  | { readonly ok: true; readonly options: Options; readonly warnings: readonly Diagnostic[] }
  | {
    readonly ok: false;
    readonly code: ExitCode;
    readonly diagnostics: readonly Diagnostic[];
    readonly sources: readonly SourceText[];
  };

async function optionsOf(request: RunRequest, terminal: Terminal): Promise<ReadOptions> {
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
  const result = readOptions({ flags, environment: terminal.environment, file });
  if (result.ok) return result;
  return { ok: false, code: EXIT.usage, diagnostics: result.diagnostics, sources: file ? [file] : [] };
}

/** The snapshot must not be written over what the daemon reads. */
async function pathClash(source: string, optionsFile: string | null, options: Options): Promise<Diagnostic | null> {
  const snapshot = await realPath(options.snapshot.path);
  const { environmentFiles } = options.configurationWatcher;
  for (const read of [source, optionsFile, ...environmentFiles.map((file) => environmentFilePath(file).path)]) {
    if (read === null || await realPath(read) !== snapshot) continue;
    return errorDiagnostic("options/value", `Snapshot:Path names a file that is read: ${read}`, {
      why: "The snapshot would be written over it",
      suggestion: "Give the snapshot a path of its own",
    });
  }
  return null;
}

async function realPath(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch {
    return resolve(path);
  }
}

function announce(log: Logger, options: Options, source: string, once: boolean): void {
  log.information(`honua-configd ${VERSION} started`, { source, snapshot: options.snapshot.path, once, pid: Deno.pid });
  if (options.highAvailability.enabled) {
    log.warning("HighAvailability:Enabled is true, and this version works alone: nothing is announced to other hosts");
  }
}

type Running = Exclude<Awaited<ReturnType<typeof startDaemon>>, { failure: string }>;

async function untilStopped(daemon: Running, log: Logger): Promise<ExitCode> {
  const stopped = Promise.withResolvers<void>();
  using _signals = onSignals({
    reload() {
      log.information("SIGHUP received: reloading");
      daemon.reload();
    },
    stop(signal) {
      log.information(`${signal} received: stopping`);
      const deadline = setTimeout(() => Deno.exit(EXIT.done), STOP_LIMIT_MILLISECONDS);
      Deno.unrefTimer(deadline as unknown as number);
      stopped.resolve();
    },
    stopNow: () => Deno.exit(EXIT.done),
    ignored: (signal) => log.debug(`${signal} received: it means nothing here`),
  });
  await daemon.watch();
  await stopped.promise;
  await daemon[Symbol.asyncDispose]();
  log.information("Stopped");
  return EXIT.done;
}
