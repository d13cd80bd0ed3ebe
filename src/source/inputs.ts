// Reads all files of a load once: the source and the environment files, with one fingerprint over their bytes. The
// hashed bytes are the bytes that are parsed. A caller that already knows the fingerprint need not decode them.
import { createHash } from "node:crypto";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { type SourceText, sourceText } from "../diagnostic/range.ts";
import { decodeRead, readBytes, readSource } from "./source_file.ts";

const MAX_ENVIRONMENT_FILE_BYTES = 1024 * 1024;

/** The texts of the environment files, or the reason why one cannot be read; `digest` is over all their bytes. */
export type EnvironmentTexts =
  | { readonly ok: true; readonly digest: string; readonly texts: readonly SourceText[] }
  | { readonly ok: false; readonly digest: string; readonly diagnostic: Diagnostic };

/** The texts of all files, or the reason why one cannot be read. */
export type Inputs =
  | {
    readonly ok: true;
    readonly fingerprint: string;
    /** The SHA-256 of only the source's bytes, in hex. */
    readonly sourceDigest: string;
    readonly source: SourceText;
    readonly environmentFiles: readonly SourceText[];
  }
  | {
    readonly ok: false;
    readonly fingerprint: string;
    /** Null: not all bytes of the source were read. */
    readonly sourceDigest: string | null;
    readonly diagnostic: Diagnostic;
  };

const UNREACHABLE: ReadonlySet<string> = new Set(["source/not-found", "source/unreadable", "source/not-a-file"]);

/** Whether a diagnostic of reading concerns a file that is missing or denied, and not the content of one. */
export function isUnreachable(diagnostic: Diagnostic): boolean {
  return UNREACHABLE.has(diagnostic.code);
}

/** The path in an option's value, without the dash that allows the file to be missing (systemd.exec(5)). */
export function environmentFilePath(written: string): string {
  return written.startsWith("-") ? written.slice(1) : written;
}

/** Reads the environment files that the options name, each once and in order. */
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

/** The bytes of all files, not decoded yet. */
export interface GatheredInputs {
  /** The same for the same bytes, and the one of {@linkcode Inputs}. */
  readonly fingerprint: string;
  /** The SHA-256 of only the source's bytes, in hex; null: not all of them were read. */
  readonly sourceDigest: string | null;
  /** Only the source's bytes; null: not all of them were read. */
  readonly sourceBytes: Uint8Array<ArrayBuffer> | null;
  decode(): Inputs;
}

/** Reads the source and the environment files, each once. */
export async function gatherInputs(sourcePath: string, written: readonly string[]): Promise<GatheredInputs> {
  const read = await readBytes(sourcePath);
  const files = await readEnvironmentFiles(written);
  const fingerprint = createHash("sha256").update(`${stateOf(read)}\0${files.digest}`).digest("hex");
  const digests = { fingerprint, sourceDigest: read.digest };
  const decode = (): Inputs => {
    const source = read.ok ? decodeRead(read) : read;
    if (!source.ok) return { ok: false, ...digests, diagnostic: source.diagnostic };
    if (!files.ok) return { ok: false, ...digests, diagnostic: files.diagnostic };
    const { text, digest: sourceDigest } = source;
    return { ok: true, fingerprint, sourceDigest, source: sourceText(sourcePath, text), environmentFiles: files.texts };
  };
  return { ...digests, sourceBytes: read.ok ? read.bytes : null, decode };
}

type State = { readonly ok: true; readonly digest: string } | {
  readonly ok: false;
  readonly digest: string | null;
  readonly diagnostic: Diagnostic;
};

function stateOf(read: State): string {
  return read.ok ? read.digest : `${read.diagnostic.code} ${read.digest}`;
}
