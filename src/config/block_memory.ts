// What reading a block gave, remembered with the block for as long as the block is there. It counts where reading would
// give the same again: the block is the same object, the names that it looked up stand for what they stood for, the
// environment answers as it did, and there is room for it within the bounds on the whole configuration.
import type { SourceText } from "../diagnostic/range.ts";
import type { Environment } from "./environment.ts";
import { MAX_TOTAL_LENGTH } from "./expressions.ts";
import { type Facts, openRecorder } from "./facts.ts";
import type { Finding } from "./findings.ts";
import type { Index } from "./rules_of_reference.ts";
import { type PortablePair, type Reader, shareEqualForms } from "./reading.ts";
import type { Secrets } from "./rules.ts";
import type { Scope } from "./scope.ts";

/** A block that was read; what stands under an unknown name counts as one. */
export interface BlockEntry extends PortablePair {
  /** For the rules. */
  readonly facts: Facts;
  /** What is wrong with it, in the order in which it was found. */
  readonly findings: readonly Finding[];
  /** How much more was wrong than is kept. */
  readonly dropped: number;
  /** What reading it hung on. */
  readonly dependencies: Dependencies;
  /** What the rules of the first phase said of it; null where they were not asked. */
  shape: BlockVerdict | null;
  /** What the rules of the second phase said of it. */
  references: BlockVerdict | null;
}

/** What rules said of a block. */
export interface BlockVerdict {
  /** In the order in which they were found. */
  readonly findings: readonly Finding[];
  /** Null where nothing was asked about secrets. */
  readonly secrets: Secrets | null;
  /** Null where nothing else was looked at. */
  readonly index: Index | null;
}

/** What reading a block hung on. */
export interface Dependencies {
  /** The parts, where it was read from more than one thing. */
  readonly parts: readonly object[];
  /** What the names that it looked up stood for. */
  readonly lookUps: ReadonlyMap<string, unknown>;
  /** What the environment answered, in the order in which it was asked. */
  readonly environment: ReadonlyMap<string, string | undefined>;
  /** What it took of the bound on all texts. */
  readonly length: number;
  /** What it took of the bound on all that is evaluated. */
  readonly spent: number;
  /** The scope for which the names were compared last. */
  scope: Scope;
}

/** Entries by what they were read from. */
export type BlockMemory = WeakMap<object, BlockEntry>;

/** A block with more to say is read anew each time: one fault of a variable may be that of thousands of blocks. */
const MAX_REMEMBERED_FINDINGS = 64;
const NOTHING: readonly never[] = [];
const NO_ANSWERS: ReadonlyMap<string, string | undefined> = new Map();

/** Reads the blocks of one document, one after the other. */
export interface BlockReader {
  /**
   * What reading gives now; `key` stands for what is read, together with its parts where there is more than one. Blocks
   * are read in the same order each time, since the bounds are on the whole.
   */
  read(key: object, read: (reader: Reader) => PortablePair, parts?: readonly object[]): BlockEntry;
  /** How many were not remembered. */
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
    const { facts, findings, dropped } = recorder.take();
    const dependencies: Dependencies = {
      parts,
      lookUps: reader.lookUps.size === 0 ? NO_ANSWERS : reader.lookUps,
      environment: asked.size === 0 ? NO_ANSWERS : asked,
      length: reader.length - length,
      spent: reader.spent - spent,
      scope,
    };
    const entry = { resolved, portable, facts, findings, dropped, dependencies, shape: null, references: null };
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
 * Whether reading would give the same again. The environment is asked last and in the same order, so that it is asked
 * for nothing that reading anew would not ask it for.
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
