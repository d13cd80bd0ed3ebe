// All that a load reads, read once: the source and the environment files, with one fingerprint over their bytes. The
// bytes that were hashed are the bytes that are parsed, and whoever knows the fingerprint already need not decode them.
import { createHash } from "node:crypto";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { type SourceText, sourceText } from "../diagnostic/range.ts";
import { decodeRead, readBytes, readSource } from "./source_file.ts";

/** The largest environment file that is read, in bytes. */
const MAX_ENVIRONMENT_FILE_BYTES = 1024 * 1024;

/** What was read of the environment files, or why not all of them could be; `digest` is over all their bytes. */
export type EnvironmentTexts =
  | { readonly ok: true; readonly digest: string; readonly texts: readonly SourceText[] }
  | { readonly ok: false; readonly digest: string; readonly diagnostic: Diagnostic };

/** What was read, or why not all of it could be. */
export type Inputs =
  | {
    readonly ok: true;
    readonly fingerprint: string;
    /** The SHA-256 of the source's bytes alone, in hex. */
    readonly sourceDigest: string;
    readonly source: SourceText;
    readonly environmentFiles: readonly SourceText[];
  }
  | {
    readonly ok: false;
    readonly fingerprint: string;
    /** Null where not all bytes of the source were seen. */
    readonly sourceDigest: string | null;
    readonly diagnostic: Diagnostic;
  };

const UNREACHABLE: ReadonlySet<string> = new Set(["source/not-found", "source/unreadable", "source/not-a-file"]);

/** Whether a diagnostic of reading says that a file was not found or may not be read, not that what it holds is wrong. */
export function isUnreachable(diagnostic: Diagnostic): boolean {
  return UNREACHABLE.has(diagnostic.code);
}

/** The path of an environment file as written: with a dash in front, a missing file is no mistake (systemd.exec(5)). */
export function environmentFilePath(written: string): string {
  return written.startsWith("-") ? written.slice(1) : written;
}

/** Reads environment files, each once, in order, as they are written in the options. */
export async function readEnvironmentFiles(written: readonly string[]): Promise<EnvironmentTexts> {
  const hash = createHash("sha256");
  const texts: SourceText[] = [];
  let diagnostic: Diagnostic | null = null;
  for (const one of written) {
    const path = environmentFilePath(one);
    const read = await readSource(path, { maxBytes: MAX_ENVIRONMENT_FILE_BYTES });
    hash.update(`${path}\0${stateOf(read)}\0`);
    if (read.ok) texts.push(sourceText(path, read.text));
    else if (path === one || read.diagnostic.code !== "source/not-found") diagnostic ??= read.diagnostic;
  }
  const digest = hash.digest("hex");
  return diagnostic ? { ok: false, digest, diagnostic } : { ok: true, digest, texts };
}

/** What was read, by its fingerprint, and not decoded yet. */
export interface GatheredInputs {
  /** As in {@linkcode Inputs}: of the same bytes it is the same. */
  readonly fingerprint: string;
  /** The SHA-256 of the source's bytes alone, in hex; null where not all of them were seen. */
  readonly sourceDigest: string | null;
  /** Decodes it. */
  decode(): Inputs;
}

/** Reads the source and the environment files, each once. */
export async function gatherInputs(sourcePath: string, written: readonly string[]): Promise<GatheredInputs> {
  const read = await readBytes(sourcePath);
  const files = await readEnvironmentFiles(written);
  const fingerprint = createHash("sha256").update(`${stateOf(read)}\0${files.digest}`).digest("hex");
  const about = { fingerprint, sourceDigest: read.digest };
  const decode = (): Inputs => {
    const source = read.ok ? decodeRead(read) : read;
    if (!source.ok) return { ok: false, ...about, diagnostic: source.diagnostic };
    if (!files.ok) return { ok: false, ...about, diagnostic: files.diagnostic };
    const { text, digest: sourceDigest } = source;
    return { ok: true, fingerprint, sourceDigest, source: sourceText(sourcePath, text), environmentFiles: files.texts };
  };
  return { ...about, decode };
}

type State = { readonly ok: true; readonly digest: string } | {
  readonly ok: false;
  readonly digest: string | null;
  readonly diagnostic: Diagnostic;
};

function stateOf(read: State): string {
  return read.ok ? read.digest : `${read.diagnostic.code} ${read.digest}`;
}
