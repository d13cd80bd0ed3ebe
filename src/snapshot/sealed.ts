// One form of a config as its bytes and their hash, made from the last one where that has the same. What came of it is the
// same with and without a last one; only the work differs, and is told.
import type { JsonObject } from "./canonical.ts";
import { type Content, contentOf } from "./content.ts";
import { type Digest, digestOf } from "./digest.ts";

/** One form of a config, sealed. */
export interface Sealed {
  /** Its bytes. */
  readonly content: Content;
  /** Their hash. */
  readonly digest: Digest;
  /** What making it cost. */
  readonly work: SealingWork;
}

/** What sealing cost. */
export interface SealingWork {
  /** Entries of a config (a layer, a variable) of which canonical text was made. */
  readonly entriesRendered: number;
  /** Bytes that went into a hash. */
  readonly bytesHashed: number;
}

/** What is sealed, and what helps. */
export interface SealingRequest {
  /** The form of the config; a member `$snapshot` counts for nothing. */
  readonly config: JsonObject;
  /** Whether it is to be written to a file. */
  readonly isLaidOut: boolean;
  /** The same form of the config before. */
  readonly last?: Sealed | undefined;
  /** The other form of the same config. */
  readonly twin?: Content | undefined;
}

/**
 * Seals one form of a config. Rests where it yields.
 *
 * @throws {TypeError} for a config that is not JSON; see {@linkcode canonicalText}.
 */
export function* sealedOf({ config, isLaidOut, last, twin }: SealingRequest): Generator<void, Sealed> {
  const { content, entriesRendered } = yield* contentOf({ config, isLaidOut, last: last?.content, twin });
  const { digest, bytesHashed } = yield* digestOf(content.canonical, last?.digest);
  return { content, digest, work: { entriesRendered, bytesHashed } };
}
