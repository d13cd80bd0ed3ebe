// Puts the rooms together: the only file that knows all of them. It hands the loop what it needs to look at the source
// and to activate a snapshot, leads every hint to the loop's door, and closes all it opened.
import { countChanges, describeChanges, digestEntries, type EntryDigests } from "./config/changes.ts";
import { environmentOf, parseEnvironmentFile, processEnvironment } from "./config/environment.ts";
import type { Diagnostic } from "./diagnostic/diagnostic.ts";
import { renderLine } from "./diagnostic/render.ts";
import { textMasker } from "./diagnostic/secrets.ts";
import { type BlockParser, openBlockParser } from "./document/blocks.ts";
import type { Logger } from "./process/log.ts";
import { secretValues } from "./process/option_schema.ts";
import type { Options } from "./process/options.ts";
import type { ActivationResult, LookOutcome } from "./reload/decide.ts";
import { type Loop, runLoop } from "./reload/loop.ts";
import { listed, narrate, reasonOf } from "./reload/narration.ts";
import type { Report } from "./reload/report.ts";
import type { Mark } from "./reload/state.ts";
import { type Compiled, compileSource, formatOf } from "./snapshot/compile.ts";
import { describeFault } from "./snapshot/snapshot.ts";
import { type Existing, openStore, type SnapshotStore } from "./snapshot/store.ts";
import { type ChangeSign, watchFiles } from "./source/file_watcher.ts";
import { environmentFilePath, isUnreachable, readInputs } from "./source/inputs.ts";
import { settle } from "./source/settle.ts";

/** What a daemon is started with. */
export interface DaemonSettings {
  /** Validated options. */
  readonly options: Options;
  /** The source, as it was named. */
  readonly sourcePath: string;
  /** The options file, watched for changes that want a restart; null where there is none. */
  readonly optionsPath: string | null;
  /** The process's environment, as it was at start. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where it says what happens. */
  readonly log: Logger;
}

/** What the last look came to: the source is in force, it is wrong, or something could not be reached or written. */
export type LoadOutcome = "in-force" | "rejected" | "failed";

/** A daemon at work. Disposing of it stops it; a write at hand is completed or given up before its rename. */
export interface Daemon extends AsyncDisposable {
  /** Looks at the source now; `start` where nobody asked for it. */
  reload(reason?: "signal" | "start"): void;
  /** Leaves nothing behind when the process is about to end without disposing. */
  abandon(): void;
  /** Resolves when nothing is at hand, with what came of the last look. */
  settled(): Promise<LoadOutcome>;
  /** Follows the files from now on, and looks at the source for the first time. */
  watch(): Promise<void>;
}

/** What a look hands to the activation. */
type Candidate = Extract<Compiled, { ok: true }>;

/** A daemon, or in one line with an advice why the store cannot be opened; `isOption` where not the host is wrong. */
export type Started =
  | { readonly ok: true; readonly daemon: Daemon }
  | { readonly ok: false; readonly message: string; readonly isOption: boolean };

/** Opens the store and verifies the snapshot in force; it looks at nothing before it is told to. */
export async function startDaemon(settings: DaemonSettings): Promise<Started> {
  const { options, log: plainLog } = settings;
  const secrets = maskedSecrets(secretValues(options));
  const log = plainLog.withMask(secrets.mask);
  const { path, mode, group } = options.snapshot;
  const opened = await openStore({ path, mode, group });
  if (!opened.ok) return { ...opened, isOption: opened.code === "UNKNOWN_GROUP" };
  const { store, existing, stale } = opened;
  tellExisting(log, path, existing);
  for (const file of stale.removed) log.information("Removed a temporary file that a crash had left", { path: file });
  for (const file of stale.left) log.warning("A temporary file that a crash left cannot be removed", { path: file });

  const parser = openBlockParser();
  const telling = teller(log, existing);
  const { look, couldRead } = looker(settings, { parser, store, secrets, active: () => loop.state().active });
  const loop: Loop<Candidate> = runLoop<Candidate>({
    active: markOf(existing),
    look,
    activate: (candidate, signal) => activate(store, candidate, signal),
    report: telling,
  });
  const closing: AsyncDisposable[] = [loop, parser];
  const daemon: Daemon = {
    reload: (reason = "signal") => loop.hint(reason),
    abandon: () => parser.kill(),
    async settled() {
      await loop.settled();
      const { trouble } = loop.state();
      if (trouble === null) return "in-force";
      return trouble.kind === "rejected" && couldRead() ? "rejected" : "failed";
    },
    async watch() {
      const watching = await followFiles(settings, log, parser, loop);
      if (watching) closing.unshift(watching);
      loop.hint("start");
    },
    async [Symbol.asyncDispose]() {
      for (const one of closing) await one[Symbol.asyncDispose]();
    },
  };
  return { ok: true, daemon };
}

interface LookTools {
  readonly parser: BlockParser;
  readonly store: SnapshotStore;
  readonly secrets: MaskedSecrets;
  /** The mark of the snapshot in force. */
  active(): Mark | null;
}

interface Looker {
  /** Reads and compiles the source, changing nothing. */
  look(signal: AbortSignal): Promise<LookOutcome<Candidate>>;
  /** Whether the last look could read all that it had to. */
  couldRead(): boolean;
}

/** Looks at the source and the environment files as the options say. */
function looker({ options, sourcePath, environment }: DaemonSettings, tools: LookTools): Looker {
  const { environmentFiles, validateOnReload } = options.configurationWatcher;
  let reached = true;
  const look = async (signal: AbortSignal): Promise<LookOutcome<Candidate>> => {
    const inputs = await readInputs(sourcePath, environmentFiles);
    const { fingerprint } = inputs;
    reached = inputs.ok || !isUnreachable(inputs.diagnostic);
    if (!inputs.ok) return unreadable(fingerprint, inputs.diagnostic, options);
    const files = inputs.environmentFiles.map(parseEnvironmentFile);
    const compiled = await compileSource({
      source: inputs.source,
      format: formatOf(sourcePath),
      environment: environmentOf(processEnvironment(environment), files.map((file) => file.variables)),
      validate: validateOnReload,
      parser: tools.parser,
      signal,
    });
    tools.secrets.remember(compiled.secrets);
    const noted = files.flatMap((file) => file.diagnostics);
    if (!compiled.ok) return refusal(fingerprint, [...compiled.diagnostics, ...noted]);
    const { hash, contentHash } = compiled.snapshot;
    const candidate = { ...compiled, warnings: [...noted, ...compiled.warnings] };
    const stored = await tools.store.isInForce() ? tools.active() : null;
    return { kind: "candidate", fingerprint, hash, contentHash, candidate, stored };
  };
  return { look, couldRead: () => reached };
}

/** A source that is wrong is rejected; whatever ended the parser was not its author, so that look is worth a retry. */
function refusal(fingerprint: string, diagnostics: readonly Diagnostic[]): LookOutcome<Candidate> {
  const reason = reasonOf(diagnostics);
  const crashed = diagnostics.some((one) => one.code === "document/parser-ended");
  return crashed ? { kind: "unreadable", fingerprint, reason } : { kind: "rejected", fingerprint, reason, diagnostics };
}

async function activate(store: SnapshotStore, candidate: Candidate, signal: AbortSignal): Promise<ActivationResult> {
  if (signal.aborted) return { kind: "failed", reason: "stopped before the snapshot was written" };
  const written = await store.write(candidate.snapshot);
  return written.ok ? { kind: "written" } : { kind: "failed", reason: written.message };
}

/** A source that is not there, or may not be read, may be readable later; what was read and is not text is rejected. */
function unreadable(fingerprint: string, diagnostic: Diagnostic, options: Options): LookOutcome<Candidate> {
  const reason = renderLine(diagnostic);
  const retries = diagnostic.code === "source/unreadable" && options.configurationWatcher.enableFileWatching;
  if (retries) return { kind: "unreadable", fingerprint, reason };
  return { kind: "rejected", fingerprint, reason, diagnostics: [diagnostic] };
}

function markOf(existing: Existing): Mark | null {
  if (existing.state !== "in-force") return null;
  const { hash, contentHash } = existing.header;
  return { hash, contentHash };
}

interface MaskedSecrets {
  /** Replaces what must not be seen. */
  mask(text: string): string;
  /** Takes what the last load met in the environment. */
  remember(found: readonly string[]): void;
}

/** Masks the secrets of the options, and those that the last two loads met in the environment. */
function maskedSecrets(always: readonly string[]): MaskedSecrets {
  let recent: readonly string[] = [];
  let masker = textMasker(always);
  return {
    mask: (text) => masker(text),
    remember(found) {
      masker = textMasker([...always, ...recent, ...found]);
      recent = found;
    },
  };
}

function tellExisting(log: Logger, path: string, existing: Existing): void {
  if (existing.state === "in-force") {
    log.information("The snapshot is whole and stays in force", { path, hash: existing.header.hash });
  } else if (existing.state === "newer-format") {
    log.warning("The snapshot has a newer format than this version knows: it is replaced by the next one", { path });
  } else if (existing.state === "damaged") {
    const { fault, setAsideAs } = existing;
    const what = setAsideAs === null ? "it could not be set aside and stays where it is" : "it was set aside";
    log.error(`The snapshot ${describeFault(fault)}: ${what}`, { path, setAsideAs });
  }
}

/** Turns reports into log lines; remembers what is in force, to say what changed, and warnings, to say them once. */
function teller(log: Logger, existing: Existing): (report: Report<Candidate>) => void {
  let inForce: EntryDigests = existing.state === "in-force" ? digestEntries(existing.config) : new Map();
  let toldWarnings = "";
  return (report) => {
    const { level, message, fields } = narrate(report, ({ config, counts }) => {
      const digests = digestEntries(config);
      const changed = describeChanges(countChanges(inForce, digests));
      inForce = digests;
      return { changed, ...counts };
    });
    log[level](message, fields);
    if (report.kind !== "activated" && report.kind !== "unchanged") return;
    const { warnings } = report.candidate;
    const lines = warnings.map(renderLine).join("\n");
    if (lines !== toldWarnings && warnings.length > 0) {
      log.warning("The configuration has warnings", listed("warnings", warnings));
    }
    toldWarnings = lines;
  };
}

/** Watches the source, the environment files and the options file; null where watching is off. */
async function followFiles(
  { options, sourcePath, optionsPath }: DaemonSettings,
  log: Logger,
  parser: BlockParser,
  loop: Loop<Candidate>,
): Promise<AsyncDisposable | null> {
  const { enableFileWatching, debounceMilliseconds, pollSeconds, logChangeEvents, environmentFiles } =
    options.configurationWatcher;
  if (!enableFileWatching) {
    log.information("File watching disabled: SIGHUP alone reloads", { path: sourcePath });
    return null;
  }
  const changed = new Map<string, ChangeSign>();
  let toldOfSilence = false;
  let hasEvents = true;
  const settler = settle({ quietMilliseconds: debounceMilliseconds }, () => {
    for (const path of changed.keys()) {
      if (path === optionsPath) log.warning("Options file changed: restart the daemon for it to count", { path });
      else if (logChangeEvents) log.information(`Configuration file changed: ${path}`);
    }
    const signs = [...changed].filter(([path]) => path !== optionsPath).map(([, sign]) => sign);
    changed.clear();
    if (signs.length > 0) loop.hint(signs.every((sign) => sign === "poll") ? "poll" : "file");
  });
  const paths = [sourcePath, ...environmentFiles.map(environmentFilePath)];
  const watcher = await watchFiles(optionsPath ? [...paths, optionsPath] : paths, {
    events: true,
    pollMilliseconds: pollSeconds * 1000,
    onHint: (path, sign) => {
      if (sign === "poll" && hasEvents && !toldOfSilence) {
        toldOfSilence = true;
        log.warning("A change came without an event: here polling finds what the file system does not tell", { path });
      }
      if (changed.get(path) !== "event") changed.set(path, sign);
      // Its start hides in the quiet time.
      parser.warm();
      settler.hint();
    },
    onTrouble: (message) => {
      hasEvents = false;
      log.error(message, { polling: pollSeconds > 0 ? `every ${pollSeconds} s` : "while it lasts" });
    },
    onRecovered: () => {
      hasEvents = true;
      log.information("File system watcher works again");
    },
  });
  log.information("File watching enabled", { path: sourcePath, debounceMilliseconds, pollSeconds });
  return {
    async [Symbol.asyncDispose]() {
      settler.close();
      await watcher[Symbol.asyncDispose]();
    },
  };
}
