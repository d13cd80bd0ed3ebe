// Reads the blocks of a document into the model: which block is which, what stands twice, and the values of each. The
// model comes in two forms at once, resolved for this host and portable.
import { placeOf } from "../diagnostic/diagnostic.ts";
import { isSecretName } from "../diagnostic/secrets.ts";
import { nearest } from "../diagnostic/suggest.ts";
import type { Block, Document, Entry, Label, Value } from "../document/document.ts";
import type { Environment } from "./environment.ts";
import { escapeTemplate } from "./expressions.ts";
import { type Findings, openFindings } from "./findings.ts";
import { readFree, readFreeEntries, readUnknown, reservedKeys } from "./free_settings.ts";
import type { JsonObject } from "./json.ts";
import { assign, type Both, emptyBoth, type Reader } from "./reading.ts";
import { blockMembers, labelledBlocks, singleBlocks } from "./schema.ts";
import { openScope } from "./scope.ts";
import { readObject } from "./settings.ts";
import { readUnknownBlocks } from "./unknown_blocks.ts";

/** What a document comes to, with all that was found on the way. */
export interface Model extends Both<JsonObject> {
  /** As it holds on this host; what could not be read is left out or has its default. */
  readonly resolved: JsonObject;
  /** The same with the environment left open. */
  readonly portable: JsonObject;
  /** The diagnostics of reading, and what the rules ask about each setting. */
  readonly findings: Findings;
}

/** Reads a document; what could not be read is left out of the model and stands among the findings. */
export function readModel(document: Document, environment: Environment): Model {
  const findings = openFindings(document.source);
  const sorted = sortBlocks(document, findings);
  const scope = openScope({
    variables: new Map([...sorted.variables].map(([name, block]) => [name, valueOf(block, "default")])),
    caches: new Map([...sorted.labelled.cache].map(([id, block]) => [id, valueOf(block, "enabled")])),
  }, document.source);
  for (const { path, fault } of scope.findings) findings.refuse(path, fault);
  const reader: Reader = { scope, environment, findings, depth: 0, length: 0 };
  const model = emptyBoth();
  // What others refer to comes first, so that a mistake in it is found at the place that makes it.
  assign(model, "variables", readVariables(reader, sorted.variables));
  for (const type of ["cache", "data_source", "service", "layer"] as const) {
    assign(model, labelledBlocks[type], readLabelled(reader, type, sorted.labelled[type]));
  }
  for (const type of ["honua", "rate_limit"] as const) readSingle(reader, type, sorted.single.get(type), model);
  readUnknownBlocks(reader, sorted.unknown, sorted.unknownAttributes, model);
  return { ...model, findings };
}

type LabelledType = keyof typeof labelledBlocks;
type SingleType = keyof typeof singleBlocks;

interface SortedBlocks {
  readonly variables: Map<string, Block>;
  readonly labelled: Record<LabelledType, Map<string, Block>>;
  readonly single: Map<SingleType, Block>;
  readonly unknown: Block[];
  readonly unknownAttributes: Entry[];
}

/** Sorts blocks by what they are; the first of two that are the same counts. */
function sortBlocks(document: Document, findings: Findings): SortedBlocks {
  const sorted: SortedBlocks = {
    variables: new Map(),
    labelled: { data_source: new Map(), service: new Map(), layer: new Map(), cache: new Map() },
    single: new Map(),
    unknown: [],
    unknownAttributes: [],
  };
  const all = [...document.blocks];
  for (const attribute of document.attributes) {
    const block = asBlock(attribute);
    if (attribute.role === "unknown" || !isKnownType(attribute.name)) sorted.unknownAttributes.push(attribute);
    else if (block !== null) all.push(block);
    else {
      const { name, nameRange } = attribute;
      findings.error("config/not-a-block", `${name} has to be a block`, name, nameRange);
    }
  }
  for (const block of all) {
    if (block.role === "unknown" || !isKnownType(block.type)) sorted.unknown.push(block);
    else if (block.type === "honua" || block.type === "rate_limit") {
      if (hasLabels(block, 0, document, findings)) keepFirst(sorted.single, block.type, block, document, findings);
    } else if (hasLabels(block, 1, document, findings)) {
      const blocks = block.type === "variable" ? sorted.variables : sorted.labelled[block.type as LabelledType];
      keepFirst(blocks, block.labels[0]!.text, block, document, findings);
    }
  }
  return sorted;
}

function isKnownType(type: string): boolean {
  return type === "variable" || Object.hasOwn(labelledBlocks, type) || Object.hasOwn(singleBlocks, type);
}

/** `rate_limit = { … }` as the block that it stands for. */
function asBlock({ name, nameRange, value }: Entry): Block | null {
  if (value.kind !== "fields") return null;
  const range = { start: nameRange.start, end: value.range.end };
  return { type: name, typeRange: nameRange, labels: [], body: value, range };
}

/** Whether a block has as many names as its type takes, and a whole one. */
function hasLabels(block: Block, count: 0 | 1, document: Document, findings: Findings): boolean {
  const { type, labels } = block;
  const label: Label | undefined = labels[0];
  if (labels.length === count && (label === undefined || (label.text !== "" && label.text.isWellFormed()))) return true;
  const path = count === 0 || label === undefined || label.text === "" ? type : `${type}.${label.text}`;
  const range = labels[count]?.range ?? block.typeRange;
  const details = count === 0
    ? { why: `There is one ${type} for the whole configuration`, suggestion: `Write ${type} { … }` }
    : { why: "Others refer to it by its name", suggestion: `Write ${type} "name" { … }` };
  const summary = count === 0 ? `${type} takes no name` : `${type} needs exactly one name`;
  findings.error("config/wrong-labels", summary, path, range, { ...details, place: placeOf(document.source, range) });
  return false;
}

function keepFirst<K extends string>(
  blocks: Map<K, Block>,
  id: K,
  block: Block,
  document: Document,
  findings: Findings,
): void {
  const first = blocks.get(id);
  if (first === undefined) return void blocks.set(id, block);
  const name = block.labels[0]?.text ?? null;
  const path = name === null ? block.type : `${block.type}.${name}`;
  findings.error(
    "config/duplicate",
    `${block.type}${name === null ? "" : ` ${name}`} is defined twice`,
    path,
    headOf(block),
    {
      why: "Only one of the two can count, and which is nobody's to guess",
      suggestion: name === null ? "Make one block of the two" : "Rename or remove one of them",
      other: { label: "first defined here", place: placeOf(document.source, headOf(first)) },
    },
  );
}

/** From a block's type to its last label. */
function headOf(block: Block): Block["range"] {
  return { start: block.typeRange.start, end: block.labels[block.labels.length - 1]?.range.end ?? block.typeRange.end };
}

/** The value of an entry, or null where it is not there, or null itself. */
function valueOf(block: Block, name: string): Value | null {
  const value = block.body.entries.find((entry) => entry.name === name)?.value ?? null;
  return value?.kind === "literal" && value.value === null ? null : value;
}

function readVariables(reader: Reader, variables: ReadonlyMap<string, Block>): Both<JsonObject> {
  const both = emptyBoth();
  for (const [name, block] of variables) {
    const path = `variable.${name}`;
    const value = valueOf(block, "default");
    reader.findings.note(path, headOf(block));
    if (value === null) {
      const misspelled = block.body.entries.find((entry) => nearest(entry.name, ["default"]) !== null);
      assign(both, name, { resolved: null, portable: null });
      reader.findings.warning("config/variable-without-value", `Variable ${name} has no default`, path, headOf(block), {
        why: "Nothing else can give it a value, so it is null",
        suggestion: misspelled ? `Did you mean default in place of ${misspelled.name}?` : "Give it one: default = …",
      });
      continue;
    }
    const read = readFree(reader, value, path);
    assign(both, name, read);
    if (isSecretName(name) && typeof read.resolved === "string") reader.findings.keepSecret(read.resolved);
    for (const entry of block.body.entries) {
      if (entry.name === "default") continue;
      const near = nearest(entry.name, ["default"]);
      reader.findings.warning(
        "config/unknown-setting",
        `Unknown setting ${entry.name}`,
        `${path}.${entry.name}`,
        entry.nameRange,
        {
          why: "A variable has a default and nothing else; this is left out of the snapshot",
          suggestion: near === null ? null : `Did you mean ${near}?`,
        },
      );
    }
  }
  return both;
}

function readLabelled(reader: Reader, type: LabelledType, blocks: ReadonlyMap<string, Block>): Both<JsonObject> {
  const all = emptyBoth();
  for (const [id, block] of blocks) {
    const path = `${type}.${id}`;
    reader.findings.note(path, headOf(block));
    const both = type === "service" ? readService(reader, block, path) : readBody(reader, type, block, path);
    const portableId = escapeTemplate(id);
    Object.assign(both.resolved!, { id, ...(type === "service" ? { type: both.resolved!.type ?? id } : {}) });
    Object.assign(both.portable!, {
      id: portableId,
      ...(type === "service" ? { type: both.portable!.type ?? portableId } : {}),
    });
    assign(all, id, both);
  }
  return all;
}

function readBody(reader: Reader, type: keyof typeof blockMembers, block: Block, path: string): Both<JsonObject> {
  return readObject(reader, blockMembers[type], block.body.entries, path);
}

/**
 * A service's unknown attributes are its settings: they are its own, and nothing to warn about. In JSON, where settings
 * have an object of their own, what stands beside it is unknown as anywhere.
 */
function readService(reader: Reader, block: Block, path: string): Both<JsonObject> {
  const settings = emptyBoth();
  const members = blockMembers.service;
  const both = readObject(reader, members, block.body.entries, path, (others, into) => {
    const entries = others.filter((entry) => entry.role !== "unknown");
    const unknown = others.filter((entry) => entry.role === "unknown");
    readUnknown(reader, unknown, {
      path,
      members: [...members.values()],
      reserved: reservedKeys(members).add("settings"),
    }, into);
    for (const { name, value } of entries) reader.findings.note(`${path}.${name}`, value.range);
    const read = readFreeEntries(reader, entries, path, { interpolates: true, refers: false });
    Object.assign(settings.resolved, read.resolved);
    Object.assign(settings.portable, read.portable);
  });
  assign(both, "settings", settings);
  return both;
}

function readSingle(reader: Reader, type: SingleType, block: Block | undefined, model: Both<JsonObject>): void {
  if (block !== undefined) {
    reader.findings.note(type, headOf(block));
    assign(model, singleBlocks[type], readBody(reader, type, block, type));
  } else if (type === "honua") {
    assign(model, singleBlocks[type], readObject(reader, blockMembers[type], [], type));
  }
}
