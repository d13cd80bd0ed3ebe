// The looks of the loop: at the source and its environment files, or at an earlier release. They change nothing.
import { stat } from "node:fs/promises";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { sourceText } from "../diagnostic/range.ts";
import { renderLine } from "../diagnostic/render.ts";
import { errorCode } from "../host/atomic_write.ts";
import type { Options } from "../options/options.ts";
import type { LookOutcome } from "../reload/events.ts";
import type { ReleaseText } from "../releases/source_history.ts";
import { formatOf, type SourceFormat } from "../compile.ts";
import { gatherInputs, isUnreachable, readEnvironmentFiles } from "../source/inputs.ts";
import { lookBackAt, type LookBackTools } from "./look_back.ts";
import {
  type Candidate,
  type Examined,
  type Judged,
  type LookCompilerTools,
  openLookCompiler,
  wanted,
} from "./look_compiler.ts";
import type { DaemonSettings } from "./daemon_settings.ts";

/** The parts of a source loader. */
export interface SourceLoaderTools extends LookCompilerTools {
  /** Has the texts of earlier releases, and the files of the last good one. */
  readonly keeper: LookBackTools["keeper"];
}

/** A source that is not at the configured path. */
export interface GivenText {
  /** For diagnostics. */
  readonly name: string;
  readonly text: string;
  readonly format: SourceFormat;
}

/** A source to read now. */
export interface GivenFile {
  readonly path: string;
}

/** Looks at the source. */
export interface SourceLoader {
  /** Reads and compiles the source, and changes nothing. */
  look(signal: AbortSignal): Promise<LookOutcome<Candidate>>;
  /** Does the same with the text of an earlier release. */
  lookBack(hash: string, signal: AbortSignal): Promise<LookOutcome<Candidate>>;
  /**
   * Compiles a file or another text with the current environment, for an answer: no look counts it.
   * Rejects only with the signal's reason.
   */
  examine(given: GivenFile | GivenText, signal: AbortSignal): Promise<Examined>;
  /**
   * The text of this host's source as it was looked at last, if it has this hash; null: it has another, or none is
   * kept.
   */
  sourceText(hash: string): ReleaseText | null;
  /** The name of the source that was rejected last for other hosts: its portable hash, or the digest of its bytes. */
  rejectedHash(): string | null;
}

/** Opens the loader of the source and the environment files that the settings name. */
export function openSourceLoader(
  settings: Pick<DaemonSettings, "options" | "sourcePath" | "environment">,
  tools: SourceLoaderTools,
): SourceLoader {
  const { options, sourcePath } = settings;
  const { keeper, secrets } = tools;
  const { environmentFiles } = options.configurationWatcher;
  const compiler = openLookCompiler(settings, tools);
  const keepsText = options.rollout.steps.length > 0;
  let lastText: ReleaseText | null = null;
  let rejectedHash: string | null = null;
  const look = async (signal: AbortSignal): Promise<LookOutcome<Candidate>> => {
    if (sourcePath === null || (options.source.from === "both" && !await isThere(sourcePath))) return { kind: "none" };
    // A look that was given up may go on late, after a file system answered: by then only a newer look counts.
    const gathered = await wanted(gatherInputs(sourcePath, environmentFiles), signal);
    const { fingerprint, sourceDigest, sourceBytes } = gathered;
    const format = formatOf(sourcePath);
    let judged: Judged | null = compiler.remembered(fingerprint);
    if (judged === null) {
      const inputs = gathered.decode();
      if (!inputs.ok) {
        rejectedHash = sourceDigest;
        return unreadable(fingerprint, inputs.diagnostic, options);
      }
      judged = await wanted(compiler.compile({ ...inputs, format }, signal), signal);
    }
    if (judged.kind === "refused") {
      rejectedHash = judged.hash;
      secrets.remember(judged.secrets);
      return judged.outcome;
    }
    const { hash } = judged.compilation.snapshot;
    // A check hook may still refuse it.
    rejectedHash = hash;
    // A rollout that this host proposes needs the text before the release is in force, and so in the history.
    if (keepsText && sourceDigest !== null && sourceBytes !== null) {
      lastText = { hash, format, digest: sourceDigest, bytes: sourceBytes };
    }
    return await compiler.accept(judged, { format, digest: sourceDigest, bytes: sourceBytes }, signal);
  };
  const examine = async (given: GivenFile | GivenText, signal: AbortSignal): Promise<Examined> => {
    const inputs = "path" in given
      ? (await wanted(gatherInputs(given.path, environmentFiles), signal)).decode()
      : await inputsOf(given, environmentFiles);
    if (!inputs.ok) return { ok: false, isHost: isUnreachable(inputs.diagnostic), diagnostics: [inputs.diagnostic] };
    return await compiler.examine({ ...inputs, format: "path" in given ? formatOf(given.path) : given.format }, signal);
  };
  return {
    look,
    examine,
    lookBack: (hash, signal) => lookBackAt(hash, { compiler, keeper, secrets, environmentFiles }, signal),
    sourceText: (hash) => lastText?.hash === hash ? lastText : null,
    rejectedHash: () => rejectedHash,
  };
}

/**
 * Whether anything is at the path. If stat(2) fails for another reason, the path counts as used, so that the look says
 * why.
 */
async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    return errorCode(error) !== "ENOENT";
  }
}

/** A text and the current environment files. */
async function inputsOf({ name, text }: GivenText, environmentFiles: readonly string[]) {
  const files = await readEnvironmentFiles(environmentFiles);
  return files.ok ? { ok: true as const, source: sourceText(name, text), environmentFiles: files.texts } : files;
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
