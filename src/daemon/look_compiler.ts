// Compiles the bytes that a look read, with the current environment, and makes the outcome of the look. It does not
// compile the bytes of the last accepted look again: a touched file, or the second sign of an edit, costs only a
// reading.
import { environmentOf, parseEnvironmentFile, processEnvironment } from "../config/environment.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceText } from "../diagnostic/range.ts";
import type { BlockParser } from "../document/hcl/block_parser.ts";
import type { LookOutcome } from "../reload/events.ts";
import { reasonOf } from "../reload/narration.ts";
import type { SnapshotId, SourceDigest } from "../reload/state.ts";
import type { ReleaseText } from "../releases/source_history.ts";
import { type Compiled, openCompiler, type SourceFormat } from "../compile.ts";
import type { JsonObject } from "../snapshot/canonical.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import { framed } from "./framed.ts";
import type { MaskedSecrets } from "./masked_secrets.ts";
import type { DaemonSettings } from "./daemon_settings.ts";

/** The part of a compiled source that the activation needs: not the document. */
export type Compilation = Pick<
  Extract<Compiled, { ok: true }>,
  "snapshot" | "serverForm" | "config" | "warnings" | "counts"
>;

/** A compiled source with its text. */
export interface Candidate extends Compilation {
  /** For the history; null: there is none, because the files of an earlier release are put back. */
  readonly text: ReleaseText | null;
}

/** A source with its environment files, and its name. */
export interface Inputs {
  /** The same for the same bytes and environment files. */
  readonly fingerprint: string;
  /** SHA-256 of the source's bytes, in hex. */
  readonly sourceDigest: string;
  readonly source: SourceText;
  readonly format: SourceFormat;
  readonly environmentFiles: readonly SourceText[];
}

/** The part of inputs that is compiled. */
export type CompiledInputs = Pick<Inputs, "source" | "format" | "environmentFiles">;

/** The result of inputs. The environment of the process does not change after the start. */
export interface Known {
  readonly kind: "known";
  readonly fingerprint: string;
  readonly compilation: Compilation;
  readonly secrets: readonly string[];
}

/** A compilation, or the outcome of a refusal; `hash` names the refused configuration. */
export type Judged = Known | {
  readonly kind: "refused";
  readonly outcome: LookOutcome<Candidate>;
  readonly hash: string | null;
  readonly secrets: readonly string[];
};

/** A compiled source for an answer; else its diagnostics, and whether the host is at fault and not the source. */
export type Examined =
  | { readonly ok: true; readonly compilation: Compilation; readonly portable: JsonObject }
  | { readonly ok: false; readonly isHost: boolean; readonly diagnostics: readonly Diagnostic[] };

/** The parts that a look needs. */
export interface LookCompilerTools {
  /** For HCL. */
  readonly parser: BlockParser;
  readonly store: Pick<SnapshotStore, "isInForce">;
  /** Receives the secrets that a load found in the environment. */
  readonly secrets: Pick<MaskedSecrets, "mask" | "remember">;
  /** The id of the snapshot in force. */
  active(): SnapshotId | null;
}

/** Compiles for looks, one after the other. */
export interface LookCompiler {
  /** The result of the last accepted inputs, if they have this fingerprint; otherwise null. */
  remembered(fingerprint: string): Known | null;
  compile(inputs: Inputs, signal: AbortSignal): Promise<Judged>;
  /** Compiles for an answer, which no look counts. Rejects only with the signal's reason. */
  examine(inputs: CompiledInputs, signal: AbortSignal): Promise<Examined>;
  /** Makes the candidate of a result, and remembers the result. `bytes` are the text's. */
  accept(
    known: Known,
    text: SourceDigest & { readonly bytes: Uint8Array | null },
    signal: AbortSignal,
  ): Promise<LookOutcome<Candidate>>;
}

/** Resolves with the work's value, or rejects with the signal's reason if the look was aborted meanwhile. */
export async function wanted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const value = await work;
  signal.throwIfAborted();
  return value;
}

/** Opens the compiler of a daemon's looks. */
export function openLookCompiler(
  { options, environment }: Pick<DaemonSettings, "options" | "environment">,
  { parser, store, secrets, active }: LookCompilerTools,
): LookCompiler {
  const compiler = openCompiler(parser);
  // Only accepted ones are remembered: diagnostics quote the source, and a rejection may be the parser's end.
  let accepted: Known | null = null;
  const compileInputs = async ({ source, format, environmentFiles }: CompiledInputs, signal: AbortSignal) => {
    const files = environmentFiles.map(parseEnvironmentFile);
    const compiled = await compiler.compile({
      source,
      format,
      environment: environmentOf(processEnvironment(environment), files.map((file) => file.variables)),
      validate: options.configurationWatcher.validateOnReload,
      signal,
    });
    // Nothing is awaited between the two: another compilation moves the ranges of the document.
    const { ok, document } = compiled;
    const diagnostics = framed(ok ? compiled.warnings : compiled.diagnostics, { source, document });
    const noted = files.flatMap((file) => file.diagnostics);
    return { compiled, diagnostics: ok ? [...noted, ...diagnostics] : [...diagnostics, ...noted] };
  };
  const remembered = (fingerprint: string) => accepted?.fingerprint === fingerprint ? accepted : null;
  return {
    remembered,
    async compile(inputs, signal) {
      const { fingerprint, sourceDigest } = inputs;
      const known = remembered(fingerprint);
      if (known !== null) return known;
      const { compiled, diagnostics } = await compileInputs(inputs, signal);
      if (!compiled.ok) {
        const hash = compiled.hash ?? null;
        const outcome = refusal(fingerprint, diagnostics, hash);
        return { kind: "refused", outcome, hash: hash ?? sourceDigest, secrets: compiled.secrets };
      }
      return {
        kind: "known",
        fingerprint,
        compilation: compilationOf(compiled, diagnostics),
        secrets: compiled.secrets,
      };
    },
    async examine(inputs, signal) {
      const { compiled, diagnostics } = await compileInputs(inputs, signal);
      if (!compiled.ok) return { ok: false, isHost: isCrash(diagnostics), diagnostics };
      return { ok: true, compilation: compilationOf(compiled, diagnostics), portable: compiled.portable };
    },
    async accept(known, { format, digest, bytes }, signal) {
      const { fingerprint, compilation } = known;
      const isInForce = await wanted(store.isInForce(), signal);
      accepted = known;
      secrets.remember(known.secrets);
      const { hash, contentHash } = compilation.snapshot;
      const candidate: Candidate = {
        ...compilation,
        text: bytes === null || digest === null ? null : { hash, format, digest, bytes },
      };
      const stored = isInForce ? active() : null;
      return { kind: "candidate", fingerprint, hash, contentHash, candidate, stored, text: { format, digest } };
    },
  };
}

function compilationOf(compiled: Extract<Compiled, { ok: true }>, warnings: readonly Diagnostic[]): Compilation {
  const { snapshot, serverForm, config, counts } = compiled;
  return { snapshot, serverForm, config, counts, warnings };
}

function isCrash(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((one) => one.code === "document/parser-ended");
}

/** A wrong source is rejected. If the parser ended, that is not its author's fault, so the look is worth a retry. */
function refusal(
  fingerprint: string,
  diagnostics: readonly Diagnostic[],
  hash: string | null,
): LookOutcome<Candidate> {
  const reason = reasonOf(diagnostics);
  return isCrash(diagnostics)
    ? { kind: "unreadable", fingerprint, reason }
    : { kind: "rejected", fingerprint, reason, diagnostics, hash };
}
