// One look at the source and its environment files, as the loop is handed it. A look changes nothing, and what it finds
// as it was when it was compiled last is not compiled again: a touched file and an edit's second sign cost one reading.
import { environmentOf, parseEnvironmentFile, processEnvironment } from "../config/environment.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { renderLine } from "../diagnostic/render.ts";
import type { BlockParser } from "../document/blocks.ts";
import type { Options } from "../options/options.ts";
import type { LookOutcome } from "../reload/decide.ts";
import { reasonOf } from "../reload/narration.ts";
import type { SnapshotId } from "../reload/state.ts";
import { type Compiled, formatOf, openCompiler } from "../snapshot/compile.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import { gatherInputs, type Inputs, isUnreachable } from "../source/inputs.ts";
import type { MaskedSecrets } from "./masked_secrets.ts";
import type { DaemonSettings } from "./daemon_settings.ts";

type ReadInputs = Extract<Inputs, { ok: true }>;

/** What a look hands to the activation: not the document, which has the source's text. */
export type Candidate = Pick<
  Extract<Compiled, { ok: true }>,
  "snapshot" | "serverForm" | "config" | "warnings" | "counts"
>;

/** What a look needs. */
export interface SourceLoaderTools {
  /** Judges HCL. */
  readonly parser: BlockParser;
  /** The snapshot's path. */
  readonly store: SnapshotStore;
  /** Is told what a load met in the environment. */
  readonly secrets: Pick<MaskedSecrets, "mask" | "remember">;
  /** The id of the snapshot in force. */
  active(): SnapshotId | null;
}

/** Looks at the source, and remembers of the last look what the loop need not know. */
export interface SourceLoader {
  /** Reads and compiles the source, changing nothing. */
  look(signal: AbortSignal): Promise<LookOutcome<Candidate>>;
  /** By what others know the source that was rejected last: its portable hash, or the digest of its bytes. */
  rejectedHash(): string | null;
}

/** What a source and its environment files came to; the environment of the process is what it was at the start. */
interface Known {
  readonly kind: "known";
  readonly fingerprint: string;
  readonly candidate: Candidate;
  readonly secrets: readonly string[];
}

/** What was compiled comes to a candidate or to why there is none. */
type Judged = Known | {
  readonly kind: "refused";
  readonly outcome: LookOutcome<Candidate>;
  readonly hash: string | null;
  readonly secrets: readonly string[];
};

/** What comes of work as long as somebody wants it; rejects with the signal's reason where nobody does any more. */
async function wanted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const value = await work;
  signal.throwIfAborted();
  return value;
}

/** Looks at the source and the environment files as the options say. */
export function openSourceLoader(
  settings: Pick<DaemonSettings, "options" | "sourcePath" | "environment">,
  tools: SourceLoaderTools,
): SourceLoader {
  const { options, sourcePath, environment } = settings;
  const { environmentFiles, validateOnReload } = options.configurationWatcher;
  const compiler = openCompiler(tools.parser);
  let rejectedHash: string | null = null;
  // A mistake's diagnostics quote the source, and the parser may have been ended: what was rejected is judged again.
  let accepted: Known | null = null;
  const compile = async (inputs: ReadInputs, signal: AbortSignal): Promise<Judged> => {
    const { fingerprint, source, sourceDigest } = inputs;
    const files = inputs.environmentFiles.map(parseEnvironmentFile);
    const compiled = await compiler.compile({
      source,
      format: formatOf(sourcePath),
      environment: environmentOf(processEnvironment(environment), files.map((file) => file.variables)),
      validate: validateOnReload,
      signal,
    });
    const noted = files.flatMap((file) => file.diagnostics);
    const { secrets } = compiled;
    if (!compiled.ok) {
      const outcome = refusal(fingerprint, [...compiled.diagnostics, ...noted]);
      return { kind: "refused", outcome, hash: compiled.hash ?? sourceDigest, secrets };
    }
    const { snapshot, serverForm, config, counts } = compiled;
    const candidate = { snapshot, serverForm, config, counts, warnings: [...noted, ...compiled.warnings] };
    return { kind: "known", fingerprint, candidate, secrets };
  };
  const look = async (signal: AbortSignal): Promise<LookOutcome<Candidate>> => {
    // A look that was given up may come back late, from a file system that did not answer: another one counts by then.
    const gathered = await wanted(gatherInputs(sourcePath, environmentFiles), signal);
    const { fingerprint, sourceDigest } = gathered;
    let judged: Judged | null = accepted?.fingerprint === fingerprint ? accepted : null;
    if (judged === null) {
      const inputs = gathered.decode();
      if (!inputs.ok) {
        rejectedHash = sourceDigest;
        return unreadable(fingerprint, inputs.diagnostic, options);
      }
      judged = await wanted(compile(inputs, signal), signal);
    }
    if (judged.kind === "refused") {
      rejectedHash = judged.hash;
      tools.secrets.remember(judged.secrets);
      return judged.outcome;
    }
    const isInForce = await wanted(tools.store.isInForce(), signal);
    accepted = judged;
    const { candidate, secrets } = judged;
    const { hash, contentHash } = candidate.snapshot;
    // A check hook may reject it still.
    rejectedHash = hash;
    tools.secrets.remember(secrets);
    return { kind: "candidate", fingerprint, hash, contentHash, candidate, stored: isInForce ? tools.active() : null };
  };
  return { look, rejectedHash: () => rejectedHash };
}

/** A source that is wrong is rejected; whatever ended the parser was not its author, so that look is worth a retry. */
function refusal(fingerprint: string, diagnostics: readonly Diagnostic[]): LookOutcome<Candidate> {
  const reason = reasonOf(diagnostics);
  const crashed = diagnostics.some((one) => one.code === "document/parser-ended");
  return crashed ? { kind: "unreadable", fingerprint, reason } : { kind: "rejected", fingerprint, reason, diagnostics };
}

/** A source that is not there, or may not be read, may be readable later; what was read and is not text is rejected. */
function unreadable(fingerprint: string, diagnostic: Diagnostic, options: Options): LookOutcome<Candidate> {
  const reason = renderLine(diagnostic);
  const retries = diagnostic.code === "source/unreadable" && options.configurationWatcher.enableFileWatching;
  if (retries) return { kind: "unreadable", fingerprint, reason };
  return { kind: "rejected", fingerprint, reason, diagnostics: [diagnostic], isUnread: isUnreachable(diagnostic) };
}
