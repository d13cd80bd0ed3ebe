// Remembers the values of each block as long as the block exists. They are used again if reading would give the same.
// Then the block is the same object, the names and variables of the environment that it looked up have the same values,
// and it fits within the bounds on the whole configuration.
import type { SourceText } from "../diagnostic/range.ts";
import type { Environment } from "./environment.ts";
import { MAX_TOTAL_LENGTH } from "./expressions.ts";
import { type Facts, openRecorder } from "./facts.ts";
import type { Finding } from "./findings.ts";
import type { Index } from "./rules_of_reference.ts";
import { type PortablePair, type Reader, shareEqualForms } from "./reading.ts";
import type { Secrets } from "./rules.ts";
import type { Scope } from "./scope.ts";

/** The values of a block; everything under one unknown name counts as one block. */
export interface BlockEntry extends PortablePair {
  /** For the rules. */
  readonly facts: Facts;
  /** In the order in which they were found. */
  readonly findings: readonly Finding[];
  /** The number of findings that are not kept. */
  readonly dropped: number;
  /** Whether the portable form has all that is written. */
  readonly isComplete: boolean;
  readonly dependencies: Dependencies;
  /** The verdict of the first phase; null if its rules were not run. */
  shape: BlockVerdict | null;
  /** The verdict of the second phase; null if its rules were not run. */
  references: BlockVerdict | null;
}

/** The findings of rules about a block. */
export interface BlockVerdict {
  /** In the order in which they were found. */
  readonly findings: readonly Finding[];
  /** Null if the rules did not read the secrets. */
  readonly secrets: Secrets | null;
  /** Null if the rules did not read the index. */
  readonly index: Index | null;
}

/** Everything on which the values of a block depend. */
export interface Dependencies {
  /** The objects that were read, if there was more than one. */
  readonly parts: readonly object[];
  /** The values of the names that were looked up. */
  readonly lookUps: ReadonlyMap<string, unknown>;
  /** The values from the environment, in the order of the look-ups. */
  readonly environment: ReadonlyMap<string, string | undefined>;
  /** Its share of the bound on all texts. */
  readonly length: number;
  /** Its share of the bound on all evaluation. */
  readonly spent: number;
  /** The scope in which the names were last compared. */
  scope: Scope;
}

/** Entries by the block from which they were read. */
export type BlockMemory = WeakMap<object, BlockEntry>;

/** A block with more findings is read again each time: one fault of a variable may appear in thousands of blocks. */
const MAX_REMEMBERED_FINDINGS = 64;
const NOTHING: readonly never[] = [];
const NO_ANSWERS: ReadonlyMap<string, string | undefined> = new Map();

/** Reads the blocks of one document, one after the other. */
export interface BlockReader {
  /**
   * Returns the values of a block. `key` identifies the block, together with its parts if there is more than one. The
   * order of the blocks must be the same each time, since the bounds are on the whole.
   */
  read(key: object, read: (reader: Reader) => PortablePair, parts?: readonly object[]): BlockEntry;
  /** The number of blocks that were read again. */
  readonly blocksRead: number;
}

/** Opens a reader of the blocks of one document. */
export function openBlockReader(
  memory: BlockMemory,
  source: SourceText,
  scope: Scope,
  environment: Environment,
): BlockReader {
  const recorder = openRecorder();
  let blocksRead = 0;
  let asked = new Map<string, string | undefined>();
  const ask: Environment = (name) => {
    const value = environment(name);
    asked.set(name, value);
    return value;
  };
  const reader: Mutable<Reader> = {
    source,
    scope,
    environment: ask,
    findings: recorder,
    depth: 0,
    length: 0,
    spent: 0,
    lookUps: new Map(),
  };

  function readAnew(key: object, read: (reader: Reader) => PortablePair, parts: readonly object[]): BlockEntry {
    const { length, spent } = reader;
    blocksRead++;
    const { resolved, portable } = shareEqualForms(read(reader));
    const { facts, findings, dropped, isComplete } = recorder.take();
    const dependencies: Dependencies = {
      parts,
      lookUps: reader.lookUps.size === 0 ? NO_ANSWERS : reader.lookUps,
      environment: asked.size === 0 ? NO_ANSWERS : asked,
      length: reader.length - length,
      spent: reader.spent - spent,
      scope,
    };
    const values = { resolved, portable, facts, findings, dropped, isComplete };
    const entry = { ...values, dependencies, shape: null, references: null };
    if (reader.lookUps.size > 0) reader.lookUps = new Map();
    if (asked.size > 0) asked = new Map();
    const isWithin = reader.length <= MAX_TOTAL_LENGTH && reader.spent <= MAX_TOTAL_LENGTH;
    if (isWithin && findings.length <= MAX_REMEMBERED_FINDINGS) memory.set(key, entry);
    else memory.delete(key);
    return entry;
  }

  return {
    get blocksRead() {
      return blocksRead;
    },
    read(key, read, parts = NOTHING) {
      const known = memory.get(key);
      if (known === undefined || !holds(known.dependencies, parts, reader, environment)) {
        return readAnew(key, read, parts);
      }
      reader.length += known.dependencies.length;
      reader.spent += known.dependencies.spent;
      return known;
    },
  };
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * Whether reading would give the same again. It reads the environment last and in the same order, so that it reads no
 * variable that reading again would not read.
 */
function holds(known: Dependencies, parts: readonly object[], reader: Reader, environment: Environment): boolean {
  if (reader.length + known.length > MAX_TOTAL_LENGTH || reader.spent + known.spent > MAX_TOTAL_LENGTH) return false;
  if (known.parts.length !== parts.length || !parts.every((part, at) => part === known.parts[at])) return false;
  if (known.scope !== reader.scope) {
    for (const [name, outcome] of known.lookUps) if (reader.scope.outcomeOf(name) !== outcome) return false;
    known.scope = reader.scope;
  }
  for (const [name, value] of known.environment) if (environment(name) !== value) return false;
  return true;
}
