// The source of a release as the store keeps it, so that a host which never had it can go back to it.

/** A source's text in its stored form: compressed, and perhaps sealed. */
export interface StoredSource {
  readonly format: "hcl" | "json";
  /** At most {@linkcode MAX_SOURCE_BYTES}. */
  readonly bytes: Uint8Array;
}

export const MAX_SOURCE_BYTES = 16 * 1024 * 1024;

/** Whether the store has the source now, or the reason why not: one line without secrets. */
export type PutSourceAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string };

/** The source (null: the store has none), or the reason why it could not be read. */
export type SourceAnswer =
  | { readonly ok: true; readonly source: StoredSource | null }
  | { readonly ok: false; readonly reason: string };

/** The answer to a source that is too large for the store; null: it is not. */
export function refusalOf({ bytes }: StoredSource): PutSourceAnswer | null {
  if (bytes.length <= MAX_SOURCE_BYTES) return null;
  const limit = `the store takes ${MAX_SOURCE_BYTES}`;
  return { ok: false, reason: `The source has ${bytes.length} bytes after compression, and ${limit}` };
}
