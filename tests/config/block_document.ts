// Documents made of blocks that keep their identity: a block with the same text in the next document is the same object
// there, and the places in it have moved along. This is a simple memory of blocks, for tests that need no more.
import { type Anchor, anchoredRange } from "../../src/diagnostic/anchor.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import type { BlockParser } from "../../src/document/hcl/block_parser.ts";
import type { Block, Document, Entry } from "../../src/document/document.ts";
import { documentOf } from "../support/hcl.ts";

/** Makes one document after the other. */
export interface BlockDocuments {
  /** The document of texts that each hold one block or attribute, below its own first line. */
  of(texts: readonly string[], head?: string): Promise<Document>;
}

interface Part {
  readonly anchor: Anchor;
  readonly blocks: readonly Block[];
  readonly attributes: readonly Entry[];
}

/** Opens a memory of blocks by their texts; of two that are alike each is its own block. */
export function openBlockDocuments(parser: BlockParser): BlockDocuments {
  const known = new Map<string, Part>();
  return {
    async of(texts, head = "") {
      const counts = new Map<string, number>();
      const parts: Part[] = [];
      let whole = `# ${head}\n`;
      for (const text of texts) {
        const count = (counts.get(text) ?? 0) + 1;
        counts.set(text, count);
        const key = `${count} ${text}`;
        const part = known.get(key) ?? await partOf(text, parser);
        known.set(key, part);
        part.anchor.at = whole.length;
        parts.push(part);
        whole += `${text}\n`;
      }
      return {
        source: sourceText("test.hcl", whole),
        blocks: parts.flatMap(({ blocks }) => blocks),
        attributes: parts.flatMap(({ attributes }) => attributes),
        mistakes: [],
      };
    },
  };
}

async function partOf(text: string, parser: BlockParser): Promise<Part> {
  const { blocks, attributes } = await documentOf(text, parser);
  const anchor = { at: 0 };
  return { anchor, blocks: anchored(anchor, blocks), attributes: anchored(anchor, attributes) };
}

/** A copy in which every range moves with the anchor. */
function anchored<T>(anchor: Anchor, value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => anchored(anchor, one)) as T;
  if ("start" in value && "end" in value) {
    const { start, end } = value as unknown as { start: number; end: number };
    return anchoredRange(anchor, start, end) as T;
  }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, anchored(anchor, member)])) as T;
}
