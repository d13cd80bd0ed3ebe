// The names by which people and programs refer to a source that the daemon has.

/** A release of this host, by its number or by the first digits of its hash. */
export type ReleaseReference =
  | { readonly kind: "number"; readonly number: number }
  | { readonly kind: "hash"; readonly prefix: string };

/** `running`: the source of the snapshot in force; `file`: the one at the configured path, as it is now. */
export type SourceReference = { readonly kind: "running" } | { readonly kind: "file" } | ReleaseReference;

/** Reads a reference; a number has at most 7 digits and a hash at least 8. Null: it is not one. */
export function readReference(text: string): SourceReference | null {
  if (text === "running" || text === "file") return { kind: text };
  if (/^[1-9][0-9]{0,6}$/.test(text)) return { kind: "number", number: Number(text) };
  return /^[0-9a-f]{8,64}$/i.test(text) ? { kind: "hash", prefix: text.toLowerCase() } : null;
}

/** The reference as text. */
export function referenceText(reference: SourceReference): string {
  if (reference.kind === "number") return String(reference.number);
  return reference.kind === "hash" ? reference.prefix : reference.kind;
}

/** In words that follow "must be". */
export const REFERENCE_FORMS = "running, file, the number of a release or at least 8 digits of a hash";
