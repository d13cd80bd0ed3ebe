// Blocks and attributes at the top of a file that Honua does not know: the snapshot keeps them as written, with labels
// as keys and one warning for each name.
import type { Range } from "../diagnostic/range.ts";
import type { Block, Entry, Role, Value } from "../document/document.ts";
import { admitUnknown, readFree } from "./free_settings.ts";
import { absent, type PortablePair, type Reader } from "./reading.ts";
import { labelledBlocks, singleBlocks } from "./schema.ts";

/** The blocks and attributes of one unknown name. */
export interface UnknownName {
  /** In the order of the source, like the attributes. */
  readonly blocks: readonly Block[];
  readonly attributes: readonly Entry[];
}

/** Groups blocks and attributes by name; names of blocks come first, each in the order of the source. */
export function unknownByName(blocks: readonly Block[], attributes: readonly Entry[]): Map<string, UnknownName> {
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

/** Reads the blocks and attributes of one name; the result is absent if the snapshot may not contain the name. */
export function readUnknownName(reader: Reader, name: string, { blocks, attributes }: UnknownName): PortablePair {
  const node = treeOf(reader, name, blocks, attributes);
  if (node === null) return absent;
  const context = { path: null, members: knownTypes, reserved: RESERVED_NAMES };
  const carried = admitUnknown(reader, name, node.nameRange, context, node.role);
  const pair = readFree(reader, valueOf(node), name);
  return carried ? pair : absent;
}

const MAX_LABELS = 50;

const knownTypes = Object.entries({ ...labelledBlocks, ...singleBlocks, variable: "variables" })
  .map(([name, key]) => ({ name, key }));

const RESERVED_NAMES: ReadonlySet<string> = new Set(
  [...Object.values(labelledBlocks), ...Object.values(singleBlocks), "variables", "$snapshot"]
    .map((name) => name.toLowerCase()),
);

/** The contents of a name or label: bodies and values, and nodes of the next label. */
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

/** Makes one value of a node: a list if it has several. */
function valueOf({ nameRange, values, labelled }: Node): Value {
  const all = [...values];
  if (labelled.size > 0) {
    const entries = [...labelled].map(([name, node]) => ({ name, nameRange: node.nameRange, value: valueOf(node) }));
    all.push({ kind: "fields", form: "object", entries, range: nameRange });
  }
  return all.length === 1 ? all[0]! : { kind: "list", items: all, range: nameRange };
}
