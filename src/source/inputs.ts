// All that a load reads, read once: the source and the environment files, with one fingerprint over their bytes. The
// bytes that were hashed are the bytes that are parsed.
import { createHash } from "node:crypto";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { type SourceText, sourceText } from "../diagnostic/range.ts";
import { readSource, type SourceRead } from "./source_file.ts";

/** The largest environment file that is read, in bytes. */
const MAX_ENVIRONMENT_FILE_BYTES = 1024 * 1024;

/** An environment file: its path, and whether it may be missing. */
export interface EnvironmentFilePath {
  /** As given, without the dash. */
  readonly path: string;
  /** Written with a leading dash, as in systemd's EnvironmentFile=. */
  readonly optional: boolean;
}

/** What was read, or why not all of it could be. */
export type Inputs =
  | {
    readonly ok: true;
    readonly fingerprint: string;
    readonly source: SourceText;
    readonly environmentFiles: readonly SourceText[];
  }
  | { readonly ok: false; readonly fingerprint: string; readonly diagnostic: Diagnostic };

/** Takes `-path` apart as systemd.exec(5) does: with the dash, a missing file is no mistake. */
export function environmentFilePath(written: string): EnvironmentFilePath {
  return written.startsWith("-") ? { path: written.slice(1), optional: true } : { path: written, optional: false };
}

/** Reads the source and the environment files, each once, in order. */
export async function readInputs(sourcePath: string, files: readonly EnvironmentFilePath[]): Promise<Inputs> {
  const hash = createHash("sha256");
  const texts: SourceText[] = [];
  const take = (read: SourceRead, path: string): Diagnostic | null => {
    hash.update(`${path}\0${read.ok ? read.digest : `${read.diagnostic.code} ${read.digest}`}\0`);
    if (!read.ok) return read.diagnostic;
    texts.push(sourceText(path, read.text));
    return null;
  };
  let diagnostic = take(await readSource(sourcePath), sourcePath);
  for (const { path, optional } of files) {
    const read = await readSource(path, { maxBytes: MAX_ENVIRONMENT_FILE_BYTES });
    const trouble = take(read, path);
    if (trouble && !(optional && trouble.code === "source/not-found")) diagnostic ??= trouble;
  }
  const fingerprint = hash.digest("hex");
  if (diagnostic) return { ok: false, fingerprint, diagnostic };
  const [source, ...environmentFiles] = texts;
  return { ok: true, fingerprint, source: source!, environmentFiles };
}
