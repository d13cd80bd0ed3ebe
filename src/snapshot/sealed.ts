// One form of a config as its bytes and their hash, made from the last one where that has the same. What came of it is the
// same with and without a last one; only the work differs, and is counted.
import type { JsonObject } from "./canonical.ts";
import { type Content, contentOf } from "./content.ts";
import { type Digest, digestOf } from "./digest.ts";

/** One form of a config, sealed. */
export interface Sealed {
  /** Its bytes. */
  readonly content: Content;
  /** Their hash. */
  readonly digest: Digest;
}

/** What sealing cost. */
export interface SealingWork {
  /** Entries of a config (a layer, a variable) of which canonical text was made. */
  entriesRendered: number;
  /** Bytes that went into a hash. */
  bytesHashed: number;
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
  /** Counts on. */
  readonly work?: SealingWork;
}

/**
 * Seals one form of a config. Rests where it yields.
 *
 * @throws {TypeError} for a config that is not JSON; see {@linkcode canonicalText}.
 */
export function* sealedOf(request: SealingRequest): Generator<void, Sealed> {
  const { config, isLaidOut, last, twin, work = { entriesRendered: 0, bytesHashed: 0 } } = request;
  const rendered = () => void work.entriesRendered++;
  const content = yield* contentOf({ config, isLaidOut, last: last?.content, twin, rendered });
  const hashing = digestOf(content.canonical, last?.digest);
  for (let step = hashing.next();; step = hashing.next()) {
    if (step.done) return { content, digest: step.value };
    work.bytesHashed += step.value;
    yield;
  }
}
