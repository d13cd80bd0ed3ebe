// Blocks and attributes at the top of a file that Honua does not know: carried into the snapshot as they are written,
// labels as keys, and warned about once for each name.
import type { Range } from "../diagnostic/range.ts";
import type { Block, Entry, Role, Value } from "../document/document.ts";
import { admitUnknown, readFree } from "./free_settings.ts";
import { absent, type Both, type Reader } from "./reading.ts";
import { labelledBlocks, singleBlocks } from "./schema.ts";

/** What stands under one name. */
export interface Unknown {
  /** In the order of the source, blocks first. */
  readonly blocks: readonly Block[];
  /** In the order of the source. */
  readonly attributes: readonly Entry[];
}

/** Sorts them by their names, in the order in which those first stand. */
export function unknownByName(blocks: readonly Block[], attributes: readonly Entry[]): Map<string, Unknown> {
  const all = new Map<string, { blocks: Block[]; attributes: Entry[] }>();
  const under = (name: string) => {
    const found = all.get(name) ?? { blocks: [], attributes: [] };
    all.set(name, found);
    return found;
  };
  for (const block of blocks) under(block.type).blocks.push(block);
  for (const attribute of attributes) under(attribute.name).attributes.push(attribute);
  return all;
}

/** Reads all that stands under one name; what is not carried along is absent. */
export function readUnknownName(reader: Reader, name: string, { blocks, attributes }: Unknown): Both {
  const node = treeOf(reader, name, blocks, attributes);
  if (node === null) return absent;
  const where = { path: null, members: knownTypes, reserved: RESERVED_NAMES };
  const carried = admitUnknown(reader, name, node.nameRange, where, node.role);
  const both = readFree(reader, valueOf(node), name);
  return carried ? both : absent;
}

const MAX_LABELS = 50;

const knownTypes = Object.entries({ ...labelledBlocks, ...singleBlocks, variable: "variables" })
  .map(([name, key]) => ({ name, key }));

const RESERVED_NAMES: ReadonlySet<string> = new Set(
  [...Object.values(labelledBlocks), ...Object.values(singleBlocks), "variables", "$snapshot"]
    .map((name) => name.toLowerCase()),
);

/** What stands under a name: bodies and values, and what has a further label. */
interface Node {
  readonly nameRange: Range;
  readonly values: Value[];
  readonly labelled: Map<string, Node>;
  readonly role: Role | undefined;
}

function treeOf(reader: Reader, name: string, blocks: readonly Block[], attributes: readonly Entry[]): Node | null {
  const top = new Map<string, Node>();
  for (const block of blocks) {
    let node = nodeOf(top, name, block.typeRange, block.role);
    if (block.labels.length > MAX_LABELS) {
      reader.findings.error("config/wrong-labels", `${name} has more than ${MAX_LABELS} names`, name, block.typeRange);
      continue;
    }
    for (const label of block.labels) node = nodeOf(node.labelled, label.text, label.range);
    node.values.push(block.body);
  }
  for (const { nameRange, value, role } of attributes) nodeOf(top, name, nameRange, role).values.push(value);
  return top.get(name) ?? null;
}

function nodeOf(nodes: Map<string, Node>, name: string, nameRange: Range, role?: Role): Node {
  let node = nodes.get(name);
  if (node === undefined) {
    node = { nameRange, values: [], labelled: new Map(), role };
    nodes.set(name, node);
  }
  return node;
}

/** What stands under a name as one value: a list where it is more than one. */
function valueOf({ nameRange, values, labelled }: Node): Value {
  const all = [...values];
  if (labelled.size > 0) {
    const entries = [...labelled].map(([name, node]) => ({ name, nameRange: node.nameRange, value: valueOf(node) }));
    all.push({ kind: "fields", form: "object", entries, range: nameRange });
  }
  return all.length === 1 ? all[0]! : { kind: "list", items: all, range: nameRange };
}
