// One look at the source and its environment files, as the loop is handed it. A look changes nothing, and what it finds
// as it was when it was compiled last is not compiled again: a touched file and an edit's second sign cost one reading.
import { environmentOf, parseEnvironmentFile, processEnvironment } from "../config/environment.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { renderLine } from "../diagnostic/render.ts";
import type { BlockParser } from "../document/blocks.ts";
import type { Options } from "../process/options.ts";
import type { LookOutcome } from "../reload/decide.ts";
import { reasonOf } from "../reload/narration.ts";
import type { Mark } from "../reload/state.ts";
import { type Compiled, formatOf, openCompiler } from "../snapshot/compile.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import { gatherInputs, type Inputs } from "../source/inputs.ts";
import type { MaskedSecrets } from "./masking.ts";
import type { DaemonSettings } from "./settings.ts";

type ReadInputs = Extract<Inputs, { ok: true }>;

/** What a look hands to the activation: not the document, which has the source's text. */
export type Candidate = Pick<Extract<Compiled, { ok: true }>, "snapshot" | "config" | "warnings" | "counts">;

/** What a look needs. */
export interface LookTools {
  /** Judges HCL. */
  readonly parser: BlockParser;
  /** The snapshot's path. */
  readonly store: SnapshotStore;
  /** Is told what a load met in the environment. */
  readonly secrets: MaskedSecrets;
  /** The mark of the snapshot in force. */
  active(): Mark | null;
}

/** Looks at the source, and remembers of the last look what the loop need not know. */
export interface Looker {
  /** Reads and compiles the source, changing nothing. */
  look(signal: AbortSignal): Promise<LookOutcome<Candidate>>;
  /** By what others know the source that was rejected last: its portable hash, or the digest of its bytes. */
  rejectedHash(): string | null;
}

/** What a source and its environment files came to; the environment of the process is what it was at the start. */
interface Known {
  readonly fingerprint: string;
  readonly candidate: Candidate;
  readonly secrets: readonly string[];
}

/** Looks at the source and the environment files as the options say. */
export function looker(
  settings: Pick<DaemonSettings, "options" | "sourcePath" | "environment">,
  tools: LookTools,
): Looker {
  const { options, sourcePath, environment } = settings;
  const { environmentFiles, validateOnReload } = options.configurationWatcher;
  const compiler = openCompiler(tools.parser);
  let rejectedHash: string | null = null;
  // A mistake's diagnostics quote the source, and the parser may have been ended: what was rejected is judged again.
  let accepted: Known | null = null;
  const compile = async (inputs: ReadInputs, signal: AbortSignal): Promise<Known | LookOutcome<Candidate>> => {
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
      tools.secrets.remember(secrets);
      rejectedHash = compiled.hash ?? sourceDigest;
      return refusal(fingerprint, [...compiled.diagnostics, ...noted]);
    }
    const { snapshot, config, counts } = compiled;
    return {
      fingerprint,
      candidate: { snapshot, config, counts, warnings: [...noted, ...compiled.warnings] },
      secrets,
    };
  };
  const look = async (signal: AbortSignal): Promise<LookOutcome<Candidate>> => {
    const gathered = await gatherInputs(sourcePath, environmentFiles);
    const { fingerprint } = gathered;
    rejectedHash = gathered.sourceDigest;
    let known = accepted;
    if (known?.fingerprint !== fingerprint) {
      const inputs = gathered.decode();
      if (!inputs.ok) return unreadable(fingerprint, inputs.diagnostic, options);
      const found = await compile(inputs, signal);
      if ("kind" in found) return found;
      known = accepted = found;
    }
    const { candidate, secrets } = known;
    tools.secrets.remember(secrets);
    const { hash, contentHash } = candidate.snapshot;
    // A check hook may reject it still.
    rejectedHash = hash;
    const stored = await tools.store.isInForce() ? tools.active() : null;
    return { kind: "candidate", fingerprint, hash, contentHash, candidate, stored };
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
  return { kind: "rejected", fingerprint, reason, diagnostics: [diagnostic] };
}
