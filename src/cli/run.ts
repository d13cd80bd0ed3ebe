// `honua-configd run`: the daemon, or with --once a single load. It handles signals, and always ends within two seconds
// of SIGTERM or SIGINT.
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { Range, SourceText } from "../diagnostic/range.ts";
import { renderLine, renderText } from "../diagnostic/render.ts";
import { readJson } from "../document/json/json_syntax.ts";
import { secretRanges } from "../document/secret_ranges.ts";
import { type Daemon, type DaemonSettings, startDaemon } from "../daemon.ts";
import { INIT_ADVICE, startsProcesses } from "../hooks/first_process.ts";
import { type Logger, type StandardErrorLog, standardErrorLogger } from "../telemetry/log.ts";
import { onSignals } from "../host/signals.ts";
import { withinLimit } from "../time/limit.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { type OptionRequest, pathClash, requestedOptions, requestedSource } from "./prepared.ts";
import type { Terminal } from "./terminal.ts";
import { VERSION } from "./version.ts";

export interface RunRequest extends OptionRequest {
  /** Load, write, and end with the outcome. */
  readonly once: boolean;
}

/** After this time a stop ends the process at once. */
const STOP_LIMIT_MILLISECONDS = 1_600;

/** For the last lines of the log. */
const DRAIN_LIMIT_MILLISECONDS = 200;

/** Runs the daemon until a signal stops it, or loads once. */
export async function run(request: RunRequest, terminal: Terminal): Promise<ExitCode> {
  const prepared = await prepare(request, terminal);
  if (!prepared.ok) return prepared.code;
  const code = await serve(request, prepared.settings, prepared.drain);
  await prepared.drain(DRAIN_LIMIT_MILLISECONDS);
  return code;
}

async function serve(request: RunRequest, settings: DaemonSettings, drain: Drain): Promise<ExitCode> {
  const { log } = settings;
  using signals = listen(log, drain);
  const started = await startDaemon(settings);
  if (!started.ok) {
    log.critical(`Cannot start: ${started.message}`);
    return started.isOption ? EXIT.usage : EXIT.unavailable;
  }
  await using daemon = started.daemon;
  signals.attach(daemon);
  if (!request.once) {
    const served = await daemon.serve();
    if (!served.ok) {
      log.critical(`Cannot start: ${served.message}`);
      return served.isOption ? EXIT.usage : EXIT.unavailable;
    }
    await signals.stopped;
    await daemon[Symbol.asyncDispose]();
    log.information("Stopped");
    return EXIT.done;
  }
  daemon.reload("start");
  const outcome = await Promise.race([daemon.settled(), signals.stopped]);
  if (outcome === "in-force") return EXIT.done;
  return outcome === "rejected" || outcome === "held" ? EXIT.invalid : EXIT.unavailable;
}

/** The ranges of secrets in an options file, so that the rest of it can be shown; null: it does not parse. */
function optionSecrets(source: SourceText): readonly Range[] | null {
  const json = readJson(source);
  if (!json.ok || json.value.kind !== "fields") return null;
  return secretRanges({ source, blocks: [], attributes: json.value.entries, mistakes: [] });
}

type Drain = StandardErrorLog["drain"];

type Prepared =
  | { readonly ok: true; readonly settings: DaemonSettings; readonly drain: Drain }
  | { readonly ok: false; readonly code: ExitCode };

/** Reads the options, finds the source, and opens the log; reports a failure. */
async function prepare(request: RunRequest, terminal: Terminal): Promise<Prepared> {
  const refuse = (
    code: ExitCode,
    diagnostics: readonly Diagnostic[],
    sources: readonly SourceText[] = [],
  ): Prepared => {
    const frames = new Map(sources.map((source) => [source.name, { source, secretRanges: optionSecrets(source) }]));
    terminal.error(renderText(diagnostics, { sources: frames, colour: terminal.colourError, frames: true }));
    return { ok: false, code };
  };
  const read = await requestedOptions(request, terminal.environment);
  if (!read.ok) return refuse(read.code, read.diagnostics, read.sources);
  const { options, warnings, foreign } = read;
  const source = await requestedSource(request.config, options, terminal.environment);
  if (!source.ok) return refuse(EXIT.unavailable, [source.diagnostic]);
  const clash = await pathClash(source.path === null ? null : source, request.optionsFile, options);
  if (clash) return refuse(EXIT.usage, [clash]);
  const { log, drain } = standardErrorLogger(options.logging, terminal.environment);
  const { once } = request;
  log.information(`honua-configd ${VERSION} started`, {
    source: source.path,
    sourceDecidedBy: source.path === null ? "Source:From" : source.decidedBy,
    snapshot: options.snapshot.path,
    serverForm: options.snapshot.serverPath,
    once,
    pid: Deno.pid,
  });
  for (const warning of warnings) log.warning(renderLine(warning));
  if (foreign.length > 0) log.debug("Settings of other programs in the options file are ignored", { foreign });
  if (Deno.pid === 1 && startsProcesses(options) && !once) {
    log.warning(`Processes that hooks leave behind will be zombies, for nothing collects them here. ${INIT_ADVICE}`);
  }
  const settings: DaemonSettings = {
    options,
    sourcePath: source.path,
    optionsPath: request.optionsFile,
    environment: terminal.environment,
    version: VERSION,
    once,
    log,
  };
  return { ok: true, settings, drain };
}

interface Listening extends Disposable {
  /** Resolves when a signal asks the process to stop. */
  readonly stopped: Promise<void>;
  /** Sets the daemon that reloads on SIGHUP. */
  attach(daemon: Daemon): void;
}

/** Handles signals from now on: those that arrive before the daemon exists are kept and end no process. */
function listen(log: Logger, drain: Drain): Listening {
  const stopped = Promise.withResolvers<void>();
  let daemon: Daemon | null = null;
  let wantsReload = false;
  const endNow = () => {
    const abandoned = withinLimit(daemon?.abandon() ?? Promise.resolve(), DRAIN_LIMIT_MILLISECONDS);
    void Promise.all([abandoned, drain(DRAIN_LIMIT_MILLISECONDS)]).then(() => Deno.exit(EXIT.done));
  };
  const signals = onSignals({
    reload() {
      log.information("SIGHUP received: reloading");
      if (daemon) daemon.reload();
      else wantsReload = true;
    },
    stop(signal) {
      log.information(`${signal} received: stopping`);
      Deno.unrefTimer(setTimeout(endNow, STOP_LIMIT_MILLISECONDS) as unknown as number);
      stopped.resolve();
    },
    stopNow: endNow,
    ignored: (signal) => log.debug(`${signal} received: it means nothing here`),
  });
  return {
    stopped: stopped.promise,
    attach(started) {
      daemon = started;
      if (wantsReload) daemon.reload();
    },
    [Symbol.dispose]: () => signals[Symbol.dispose](),
  };
}
