// The looks of the loop: at the source, or at the text of an earlier release, and at the environment files. They change
// nothing, and do not compile the bytes of the last accepted look again: a touched file, or the second sign of an edit,
// costs only a reading.
import { createHash } from "node:crypto";
import { environmentOf, parseEnvironmentFile, processEnvironment } from "../config/environment.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { type SourceText, sourceText } from "../diagnostic/range.ts";
import { renderLine } from "../diagnostic/render.ts";
import type { BlockParser } from "../document/hcl/block_parser.ts";
import type { Options } from "../options/options.ts";
import type { LookOutcome } from "../reload/decide.ts";
import { reasonOf } from "../reload/narration.ts";
import type { SnapshotId } from "../reload/state.ts";
import type { ReleaseText, TextRead } from "../releases/source_history.ts";
import { type Compiled, formatOf, openCompiler, type SourceFormat } from "../compile.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import { gatherInputs, isUnreachable, readEnvironmentFiles } from "../source/inputs.ts";
import { decodeSource } from "../source/source_file.ts";
import type { MaskedSecrets } from "./masked_secrets.ts";
import type { DaemonSettings } from "./daemon_settings.ts";

/** The part of a compiled source that the activation needs: not the document. */
export type Compilation = Pick<
  Extract<Compiled, { ok: true }>,
  "snapshot" | "serverForm" | "config" | "warnings" | "counts"
>;

/** A compiled source with its text. */
export interface Candidate extends Compilation {
  /** For the history; null: the history has it. */
  readonly text: ReleaseText | null;
}

/** The parts of a source loader. */
export interface SourceLoaderTools {
  /** For HCL. */
  readonly parser: BlockParser;
  readonly store: SnapshotStore;
  /** Receives the secrets that a load found in the environment. */
  readonly secrets: Pick<MaskedSecrets, "mask" | "remember">;
  /** The id of the snapshot in force. */
  active(): SnapshotId | null;
  /** The text of an earlier release, from this host's history or from the cluster's store. */
  textOf(hash: string, signal: AbortSignal): Promise<TextRead>;
  /** The files of the last good release, if it has this hash; null: it has not. */
  reserveOf(hash: string): Promise<Compilation | null>;
}

/** Looks at the source. */
export interface SourceLoader {
  /** Reads and compiles the source, and changes nothing. */
  look(signal: AbortSignal): Promise<LookOutcome<Candidate>>;
  /**
   * Compiles the text of an earlier release in the environment of now, and changes nothing. If it does not compile any
   * more, the files of the last good release are the candidate, provided that it is this one.
   */
  lookBack(hash: string, signal: AbortSignal): Promise<LookOutcome<Candidate>>;
  /** The name of the source that was rejected last for other hosts: its portable hash, or the digest of its bytes. */
  rejectedHash(): string | null;
}

/** What is compiled, and its name. */
interface Request {
  readonly fingerprint: string;
  readonly sourceDigest: string;
  readonly source: SourceText;
  readonly format: SourceFormat;
  readonly environmentFiles: readonly SourceText[];
}

/** The result of a source and its environment files. The environment of the process does not change after the start. */
interface Known {
  readonly kind: "known";
  readonly fingerprint: string;
  readonly compilation: Compilation;
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
  const compile = async (request: Request, signal: AbortSignal): Promise<Judged> => {
    const { fingerprint, source, sourceDigest, format } = request;
    if (accepted?.fingerprint === fingerprint) return accepted;
    const files = request.environmentFiles.map(parseEnvironmentFile);
    const compiled = await compiler.compile({
      source,
      format,
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
    const compilation = { snapshot, serverForm, config, counts, warnings: [...noted, ...compiled.warnings] };
    return { kind: "known", fingerprint, compilation, secrets };
  };
  /** Takes a compilation as the result of a look. */
  const accept = async (
    { fingerprint, compilation, secrets }: Known,
    { text, digest, format }: { text: Uint8Array | null; digest: string; format: SourceFormat },
    signal: AbortSignal,
  ): Promise<LookOutcome<Candidate>> => {
    const isInForce = await wanted(tools.store.isInForce(), signal);
    const { hash, contentHash } = compilation.snapshot;
    tools.secrets.remember(secrets);
    const candidate: Candidate = { ...compilation, text: text && { hash, format, digest, bytes: text } };
    const stored = isInForce ? tools.active() : null;
    return { kind: "candidate", fingerprint, hash, contentHash, candidate, stored, text: { format, digest } };
  };
  const look = async (signal: AbortSignal): Promise<LookOutcome<Candidate>> => {
    // A look that was given up may go on late, after a file system answered: by then only a newer look counts.
    const gathered = await wanted(gatherInputs(sourcePath, environmentFiles), signal);
    const { fingerprint, sourceDigest, sourceBytes } = gathered;
    const format = formatOf(sourcePath);
    let judged: Judged | null = accepted?.fingerprint === fingerprint ? accepted : null;
    if (judged === null) {
      const inputs = gathered.decode();
      if (!inputs.ok) {
        rejectedHash = sourceDigest;
        return unreadable(fingerprint, inputs.diagnostic, options);
      }
      judged = await wanted(compile({ ...inputs, format }, signal), signal);
    }
    if (judged.kind === "refused") {
      rejectedHash = judged.hash;
      tools.secrets.remember(judged.secrets);
      return judged.outcome;
    }
    accepted = judged;
    // A check hook may still refuse it.
    rejectedHash = judged.compilation.snapshot.hash;
    return await accept(judged, { text: sourceBytes, digest: sourceDigest ?? "", format }, signal);
  };
  const lookBack = async (hash: string, signal: AbortSignal): Promise<LookOutcome<Candidate>> => {
    const failed = (reason: string): LookOutcome<Candidate> => ({ kind: "unreadable", fingerprint: hash, reason });
    const reserve = async (reason: string): Promise<LookOutcome<Candidate>> => {
      const compilation = await wanted(tools.reserveOf(hash), signal);
      if (compilation === null) return failed(reason);
      const known: Known = { kind: "known", fingerprint: `reserve ${hash}`, compilation, secrets: [] };
      return await accept(known, { text: null, digest: hash, format: formatOf(sourcePath) }, signal);
    };
    const read = await wanted(tools.textOf(hash, signal), signal);
    if (!read.ok) return await reserve(read.message);
    const files = await wanted(readEnvironmentFiles(environmentFiles), signal);
    if (!files.ok) return failed(renderLine(files.diagnostic));
    const { format } = read;
    const bytes = new Uint8Array(read.bytes);
    const decoded = decodeSource(`release ${hash.slice(0, 12)}`, bytes);
    if (!decoded.ok) return await reserve(renderLine(decoded.diagnostic));
    const { digest } = decoded;
    const fingerprint = createHash("sha256").update(`release ${format} ${digest}\0${files.digest}`).digest("hex");
    const source = sourceText(`release ${hash.slice(0, 12)}`, decoded.text);
    const request = { fingerprint, sourceDigest: digest, source, format, environmentFiles: files.texts };
    const judged = await wanted(compile(request, signal), signal);
    if (judged.kind === "refused") {
      tools.secrets.remember(judged.secrets);
      const { outcome } = judged;
      return await reserve(outcome.kind === "candidate" ? "it is refused" : outcome.reason);
    }
    // What another host or version wrote counts only if it is what its name says.
    const found = judged.compilation.snapshot.hash;
    if (found !== hash) return await reserve(`the text of release ${hash} has the hash ${found}`);
    accepted = judged;
    return await accept(judged, { text: bytes, digest, format }, signal);
  };
  return { look, lookBack, rejectedHash: () => rejectedHash };
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
