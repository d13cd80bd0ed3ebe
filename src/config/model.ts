// Reads a document as a model: the values of all blocks in the two forms of the configuration. A part whose blocks did
// not change remains the same object, and no part changes once it is made.
import type { Block, Document, Entry } from "../document/document.ts";
import { type BlockEntry, type BlockMemory, openBlockReader } from "./block_memory.ts";
import { readLabelled, readSingle, readVariable, secretOf, valueOf } from "./blocks.ts";
import type { Environment } from "./environment.ts";
import { type Collection, type Finding, findingOf, openCollection } from "./findings.ts";
import type { JsonObject } from "./json.ts";
import { assign, emptyPair, type PortablePair } from "./reading.ts";
import { checkBlock, labelledBlocks, singleBlocks } from "./schema.ts";
import { type Definitions, openScopeMemory, type ScopeMemory } from "./scope.ts";
import { asBlock, type LabelledType, type SingleType, sortBlocks, type SortedBlocks } from "./sorted_blocks.ts";
import { readUnknownName, unknownByName } from "./unknown_blocks.ts";

/** The contents of a document. */
export interface Model {
  /** With the environment of this host; a part that could not be read is left out or has its default. */
  readonly resolved: JsonObject;
  /** With the references to the environment. */
  readonly portable: JsonObject;
  /** Whether the portable form has all that is written. Otherwise another source may have the same. */
  readonly isComplete: boolean;
  readonly findings: Pick<Collection, "kept" | "dropped">;
  readonly variables: Section;
  readonly labelled: Readonly<Record<LabelledType, Section>>;
  /** `honua`, even if the source has none, and the others that the source has. */
  readonly single: ReadonlyMap<SingleType, BlockEntry>;
  /** Values of variables with a secret's name, which must not be quoted. */
  readonly secrets: readonly string[];
  readonly work: ModelWork;
}

/** The cost of reading a document. */
export interface ModelWork {
  /** Blocks that were read again. */
  readonly blocksRead: number;
  /** Evaluated variables and `enabled` of caches. */
  readonly definitionsEvaluated: number;
}

/** The blocks of one kind, and both forms of their part of the configuration. */
export interface Section {
  /** The blocks by name or id, in the order of the source. */
  readonly blocks: ReadonlyMap<string, Block>;
  /** The reading of each block, in the same order. */
  readonly entries: readonly BlockEntry[];
  /** The number of blocks with a value. */
  readonly size: number;
  /** By name or id. */
  readonly resolved: JsonObject;
  /** By name or id. */
  readonly portable: JsonObject;
}

/** The memory of blocks, as long as they exist, and of the last model. */
export interface ModelMemory {
  readonly blocks: BlockMemory;
  /** The values of names. */
  readonly scopes: ScopeMemory;
  /** The blocks of attributes at the top that are read as blocks. */
  readonly attributes: WeakMap<Entry, Block>;
  /** The key in `blocks` if the source has no `honua`. */
  readonly unwritten: object;
  /** Null before the first document. */
  last: Model | null;
}

/** Opens an empty memory. */
export function openModelMemory(): ModelMemory {
  return { blocks: new WeakMap(), scopes: openScopeMemory(), attributes: new WeakMap(), unwritten: {}, last: null };
}

/** Reads a document; yields to take turns, between passes over all blocks and after each block that it reads again. */
export function* readModel(document: Document, environment: Environment, memory: ModelMemory): Generator<void, Model> {
  const { last } = memory;
  const sorted = sortBlocks(document, (attribute) => blockOf(memory, attribute));
  yield;
  const scope = memory.scopes.open(definitionsIn(sorted), document.source);
  const definitionsEvaluated = memory.scopes.evaluated;
  const reader = openBlockReader(memory.blocks, document.source, scope, environment);
  const found = openFound([...sorted.findings, ...scope.mistakes.map(({ path, fault }) => findingOf(path, fault))]);

  function* readAll(
    blocks: ReadonlyMap<string, Block>,
    before: Section | undefined,
    read: (name: string, block: Block) => BlockEntry,
  ): Generator<void, Section> {
    const entries: BlockEntry[] = [];
    let blocksRead = 0;
    for (const [name, block] of blocks) {
      const entry = read(name, block);
      entries.push(entry);
      found.add(entry);
      if (reader.blocksRead === blocksRead) continue;
      blocksRead = reader.blocksRead;
      yield;
    }
    yield;
    return before !== undefined && isSame(before.entries, entries) ? before : sectionOf(blocks, entries);
  }

  // Blocks that others refer to come first, so that a mistake in one is reported at its own place.
  const variables = yield* readAll(
    sorted.variables,
    last?.variables,
    (name, block) => reader.read(block, (one) => readVariable(one, name, block)),
  );
  const labelled = {} as Record<LabelledType, Section>;
  for (const type of ["cache", "data_source", "service", "layer"] as const) {
    labelled[type] = yield* readAll(
      sorted.labelled[type],
      last?.labelled[type],
      (id, block) => reader.read(block, (one) => checked(type, readLabelled(one, type, id, block))),
    );
  }
  const single = new Map<SingleType, BlockEntry>();
  for (const type of ["honua", "rate_limit"] as const) {
    const block = sorted.single.get(type);
    if (block === undefined && type !== "honua") continue;
    const entry = reader.read(block ?? memory.unwritten, (one) => checked(type, readSingle(one, type, block)));
    found.add(entry);
    single.set(type, entry);
    yield;
  }
  const pair = emptyPair();
  assign(pair, "variables", variables);
  for (const [type, section] of Object.entries(labelled)) assign(pair, labelledBlocks[type as LabelledType], section);
  for (const [type, entry] of single) assign(pair, singleBlocks[type], entry);
  for (const [name, unknown] of unknownByName(sorted.unknown, sorted.unknownAttributes)) {
    const parts = [...unknown.blocks, ...unknown.attributes];
    const entry = reader.read(parts[0]!, (one) => readUnknownName(one, name, unknown), parts);
    found.add(entry);
    assign(pair, name, entry);
    yield;
  }
  yield;
  const secrets = secretsOf(variables);
  const work = { blocksRead: reader.blocksRead, definitionsEvaluated };
  const { isComplete, findings } = found;
  return memory.last = { ...pair, isComplete, findings, variables, labelled, single, secrets, work };
}

/** Opens a collection of the findings of all entries, and of whether their portable forms have all that is written. */
function openFound(first: readonly Finding[]) {
  const findings = openCollection();
  findings.add(first);
  let isComplete = !first.some(({ severity }) => severity === "error");
  return {
    findings,
    get isComplete() {
      return isComplete;
    },
    add(entry: BlockEntry) {
      isComplete &&= entry.isComplete;
      if (entry.findings.length > 0) findings.add(entry.findings, entry.dropped);
    },
  };
}

/** Checks the values against the schema. */
function checked(type: LabelledType | SingleType, pair: PortablePair<JsonObject>): PortablePair<JsonObject> {
  checkBlock(type, pair.resolved!);
  return pair;
}

/** Returns the same block each time for the same attribute. */
function blockOf({ attributes }: ModelMemory, attribute: Entry): Block | null {
  const known = attributes.get(attribute);
  if (known !== undefined) return known;
  const block = asBlock(attribute);
  if (block !== null) attributes.set(attribute, block);
  return block;
}

function definitionsIn({ variables, labelled }: SortedBlocks): Definitions {
  return {
    variables: new Map([...variables].map(([name, block]) => [name, valueOf(block, "default")])),
    caches: new Map([...labelled.cache].map(([id, block]) => [id, valueOf(block, "enabled")])),
  };
}

/** Whether the entries are the same in the same order; then their names are too, since each entry is of one block. */
function isSame(before: readonly BlockEntry[], now: readonly BlockEntry[]): boolean {
  return before.length === now.length && now.every((entry, at) => entry === before[at]);
}

function sectionOf(blocks: ReadonlyMap<string, Block>, entries: readonly BlockEntry[]): Section {
  const { resolved: allResolved, portable: allPortable } = emptyPair();
  let at = 0;
  let size = 0;
  for (const name of blocks.keys()) {
    const { resolved, portable } = entries[at++]!;
    if (portable !== undefined) allPortable[name] = portable;
    if (resolved === undefined) continue;
    allResolved[name] = resolved;
    size++;
  }
  return { blocks, entries, size, resolved: allResolved, portable: allPortable };
}

function secretsOf({ blocks, entries }: Section): readonly string[] {
  const secrets = [...blocks.keys()].map((name, at) => secretOf(name, entries[at]!));
  return [...new Set(secrets)].filter((secret) => secret !== null);
}
