// Sorts blocks by type and name, keeps the first of two with the same header, and reports mistakes in headers. It
// reads only headers, so that it needs no memory and each load does it again.
import type { Range } from "../diagnostic/range.ts";
import type { Block, Document, Entry, Label } from "../document/document.ts";
import { type Finding, finding, spanOf } from "./findings.ts";
import { labelledBlocks, singleBlocks } from "./schema.ts";

/** The type of a block with a label, other than `variable`. */
export type LabelledType = keyof typeof labelledBlocks;
/** The type of a block that occurs at most once. */
export type SingleType = keyof typeof singleBlocks;

/** The blocks of a document. */
export interface SortedBlocks {
  readonly variables: ReadonlyMap<string, Block>;
  /** By type and id. */
  readonly labelled: Readonly<Record<LabelledType, ReadonlyMap<string, Block>>>;
  readonly single: ReadonlyMap<SingleType, Block>;
  /** In the order of the source, like the unknown attributes. */
  readonly unknown: readonly Block[];
  readonly unknownAttributes: readonly Entry[];
  /** About blocks without a valid name, and repeated ones. */
  readonly findings: readonly Finding[];
}

/** Sorts blocks by type and name; `blockOf` makes a block of an attribute that may replace one. */
export function sortBlocks(document: Document, blockOf: (attribute: Entry) => Block | null): SortedBlocks {
  const variables = new Map<string, Block>();
  const labelled = { data_source: new Map(), service: new Map(), layer: new Map(), cache: new Map() };
  const single = new Map<SingleType, Block>();
  const unknown: Block[] = [];
  const unknownAttributes: Entry[] = [];
  const findings: Finding[] = [];
  const take = (block: Block): void => {
    if (block.role === "unknown" || !isKnownType(block.type)) unknown.push(block);
    else if (block.type === "honua" || block.type === "rate_limit") {
      if (hasLabels(block, 0, findings)) keepFirst(single, block.type, block, findings);
    } else if (hasLabels(block, 1, findings)) {
      const blocks: Map<string, Block> = block.type === "variable" ? variables : labelled[block.type as LabelledType];
      keepFirst(blocks, block.labels[0]!.text, block, findings);
    }
  };
  const written: Block[] = [];
  for (const attribute of document.attributes) {
    const block = blockOf(attribute);
    if (attribute.role === "unknown" || !isKnownType(attribute.name)) unknownAttributes.push(attribute);
    else if (block !== null) written.push(block);
    else {
      const { name, nameRange } = attribute;
      findings.push(finding("error", "config/not-a-block", `${name} has to be a block`, name, nameRange));
    }
  }
  for (const block of document.blocks) take(block);
  for (const block of written) take(block);
  return { variables, labelled, single, unknown, unknownAttributes, findings };
}

function isKnownType(type: string): boolean {
  return type === "variable" || Object.hasOwn(labelledBlocks, type) || Object.hasOwn(singleBlocks, type);
}

/** Makes a block of an attribute like `rate_limit = { … }`; null if its value is no object. */
export function asBlock({ name, nameRange, value }: Entry): Block | null {
  if (value.kind !== "fields") return null;
  return { type: name, typeRange: nameRange, labels: [], body: value, range: spanOf(nameRange, value.range) };
}

/** The server does not accept white space as a name. */
function isName({ text }: Label): boolean {
  return text.trim() !== "" && text.isWellFormed();
}

/** Whether a block has as many labels as its type needs, and a valid one; reports it if not. */
function hasLabels(block: Block, count: 0 | 1, findings: Finding[]): boolean {
  const { type, labels } = block;
  const label: Label | undefined = labels[0];
  if (labels.length === count && (label === undefined || isName(label))) return true;
  const path = count === 0 || label === undefined || label.text.trim() === "" ? type : `${type}.${label.text}`;
  const range = labels[count]?.range ?? block.typeRange;
  const details = count === 0
    ? { why: `There is one ${type} for the whole configuration`, suggestion: `Write ${type} { … }` }
    : { why: "Others refer to it by its name", suggestion: `Write ${type} "name" { … }` };
  const summary = count === 0 ? `${type} takes no name` : `${type} needs exactly one name`;
  findings.push(finding("error", "config/wrong-labels", summary, path, range, details));
  return false;
}

function keepFirst<K extends string>(blocks: Map<K, Block>, id: K, block: Block, findings: Finding[]): void {
  const first = blocks.get(id);
  if (first === undefined) return void blocks.set(id, block);
  const name = block.labels[0]?.text ?? null;
  const path = name === null ? block.type : `${block.type}.${name}`;
  const summary = `${block.type}${name === null ? "" : ` ${name}`} is defined twice`;
  findings.push(finding("error", "config/duplicate", summary, path, headerRange(block), {
    why: "Only one of the two can count, and a guess could be wrong",
    suggestion: name === null ? "Make one block of the two" : "Rename or remove one of them",
    other: { label: "first defined here", range: headerRange(first) },
  }));
}

/** The range of a block's type and labels. */
export function headerRange({ typeRange, labels }: Block): Range {
  return spanOf(typeRange, labels.at(-1)?.range ?? typeRange);
}
