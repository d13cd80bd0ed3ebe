// One look at the source and its environment files, as the loop is handed it. A look changes nothing.
import { environmentOf, parseEnvironmentFile, processEnvironment } from "../config/environment.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { renderLine } from "../diagnostic/render.ts";
import type { BlockParser } from "../document/blocks.ts";
import type { Options } from "../process/options.ts";
import type { LookOutcome } from "../reload/decide.ts";
import { reasonOf } from "../reload/narration.ts";
import type { Mark } from "../reload/state.ts";
import { type Compiled, compileSource, formatOf } from "../snapshot/compile.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import { readInputs } from "../source/inputs.ts";
import type { MaskedSecrets } from "./masking.ts";
import type { DaemonSettings } from "./settings.ts";

/** What a look hands to the activation. */
export type Candidate = Extract<Compiled, { ok: true }>;

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

/** Looks at the source and the environment files as the options say. */
export function looker({ options, sourcePath, environment }: DaemonSettings, tools: LookTools): Looker {
  const { environmentFiles, validateOnReload } = options.configurationWatcher;
  let rejectedHash: string | null = null;
  const look = async (signal: AbortSignal): Promise<LookOutcome<Candidate>> => {
    const inputs = await readInputs(sourcePath, environmentFiles);
    const { fingerprint } = inputs;
    rejectedHash = inputs.sourceDigest;
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
    if (!compiled.ok) {
      rejectedHash = compiled.hash ?? inputs.sourceDigest;
      return refusal(fingerprint, [...compiled.diagnostics, ...noted]);
    }
    const { hash, contentHash } = compiled.snapshot;
    // A check hook may reject it still.
    rejectedHash = hash;
    const candidate = { ...compiled, warnings: [...noted, ...compiled.warnings] };
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
