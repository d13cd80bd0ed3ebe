// The look of the loop at the source and its environment files. It changes nothing, and does not compile the bytes of
// the last accepted look again: a touched file, or the second sign of an edit, costs only a reading.
import { environmentOf, parseEnvironmentFile, processEnvironment } from "../config/environment.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { renderLine } from "../diagnostic/render.ts";
import type { BlockParser } from "../document/hcl/block_parser.ts";
import type { Options } from "../options/options.ts";
import type { LookOutcome } from "../reload/decide.ts";
import { reasonOf } from "../reload/narration.ts";
import type { SnapshotId } from "../reload/state.ts";
import { type Compiled, formatOf, openCompiler } from "../compile.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import { gatherInputs, type Inputs, isUnreachable } from "../source/inputs.ts";
import type { MaskedSecrets } from "./masked_secrets.ts";
import type { DaemonSettings } from "./daemon_settings.ts";

type ReadInputs = Extract<Inputs, { ok: true }>;

/** The part of a compiled source that the activation needs: not the document, which has the source's text. */
export type Candidate = Pick<
  Extract<Compiled, { ok: true }>,
  "snapshot" | "serverForm" | "config" | "warnings" | "counts"
>;

/** The parts of a source loader. */
export interface SourceLoaderTools {
  /** For HCL. */
  readonly parser: BlockParser;
  readonly store: SnapshotStore;
  /** Receives the secrets that a load found in the environment. */
  readonly secrets: Pick<MaskedSecrets, "mask" | "remember">;
  /** The id of the snapshot in force. */
  active(): SnapshotId | null;
}

/** Looks at the source. */
export interface SourceLoader {
  /** Reads and compiles the source, and changes nothing. */
  look(signal: AbortSignal): Promise<LookOutcome<Candidate>>;
  /** The name of the source that was rejected last for other hosts: its portable hash, or the digest of its bytes. */
  rejectedHash(): string | null;
}

/** The result of a source and its environment files. The environment of the process does not change after the start. */
interface Known {
  readonly kind: "known";
  readonly fingerprint: string;
  readonly candidate: Candidate;
  readonly secrets: readonly string[];
}

/** A candidate, or the outcome of a refusal. */
type Judged = Known | {
  readonly kind: "refused";
  readonly outcome: LookOutcome<Candidate>;
  readonly hash: string | null;
  readonly secrets: readonly string[];
};

/** Resolves with the work's value, or rejects with the signal's reason if the look was aborted meanwhile. */
async function wanted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const value = await work;
  signal.throwIfAborted();
  return value;
}

/** Opens the loader of the source and the environment files that the settings name. */
export function openSourceLoader(
  settings: Pick<DaemonSettings, "options" | "sourcePath" | "environment">,
  tools: SourceLoaderTools,
): SourceLoader {
  const { options, sourcePath, environment } = settings;
  const { environmentFiles, validateOnReload } = options.configurationWatcher;
  const compiler = openCompiler(tools.parser);
  let rejectedHash: string | null = null;
  // Only accepted ones are remembered: diagnostics quote the source, and a rejection may be the parser's end.
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
    // A look that was given up may go on late, after a file system answered: by then only a newer look counts.
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
    // A check hook may still refuse it.
    rejectedHash = hash;
    tools.secrets.remember(secrets);
    return { kind: "candidate", fingerprint, hash, contentHash, candidate, stored: isInForce ? tools.active() : null };
  };
  return { look, rejectedHash: () => rejectedHash };
}

/** A wrong source is rejected. If the parser ended, that is not its author's fault, so the look is worth a retry. */
function refusal(fingerprint: string, diagnostics: readonly Diagnostic[]): LookOutcome<Candidate> {
  const reason = reasonOf(diagnostics);
  const crashed = diagnostics.some((one) => one.code === "document/parser-ended");
  return crashed ? { kind: "unreadable", fingerprint, reason } : { kind: "rejected", fingerprint, reason, diagnostics };
}

/**
 * A source that is missing, or that may not be read, may be readable later; one that was read and is no text is
 * rejected.
 */
function unreadable(fingerprint: string, diagnostic: Diagnostic, options: Options): LookOutcome<Candidate> {
  const reason = renderLine(diagnostic);
  const retries = diagnostic.code === "source/unreadable" && options.configurationWatcher.enableFileWatching;
  if (retries) return { kind: "unreadable", fingerprint, reason };
  return { kind: "rejected", fingerprint, reason, diagnostics: [diagnostic], isUnread: isUnreachable(diagnostic) };
}
