// One item as a part of the document: its block or attributes, each value at its place, and the faults that hcl2json
// does not report. The result depends only on the item, so it stays true if the item moves.
import type { Item } from "./dialect.ts";
import type { Block, Entry, Fields, Label } from "../document.ts";
import { duplicatesIn } from "./duplicates.ts";
import type { HclJson } from "./hcl.ts";
import { bodyValue, type Flaw, type JsonObject, type PlacedItem, type Placing, valueOf } from "./placing.ts";

/** Combines an item of a text with its meaning. */
export function placeItem(text: string, item: Item, meaning: HclJson): PlacedItem {
  const flaws: Flaw[] = [];
  const placing = { text, start: item.range.start, edits: item.edits, flaws };
  const block = item.kind === "block" ? placeBlock(placing, item, meaning as JsonObject) : null;
  const attributes = block ? [] : placeAttributes(placing, item, meaning as JsonObject);
  const duplicates = block
    ? duplicatesIn(block.body, [block.type, ...block.labels.map((label) => label.text)])
    : attributes.flatMap(({ name, value }) => duplicatesIn(value, [name]));
  const isSound = flaws.length === 0 && duplicates.length === 0;
  return { block, labelCount: block?.labels.length ?? -1, isSound, attributes, flaws, duplicates };
}

function placeAttributes(placing: Placing, item: Item, meaning: JsonObject): Entry[] {
  return Object.entries(meaning).map(([key, json]) => {
    const { name, nameRange, value } = item.entry ?? { name: null, nameRange: item.range, value: null };
    return { name: name ?? key, nameRange, value: valueOf(placing, json, value, item.range) };
  });
}

function placeBlock(placing: Placing, item: Item, meaning: JsonObject): Block {
  const { name, key, nameRange, labels: outlines, value } = item.entry!;
  const labels: Label[] = [];
  let inner: HclJson = meaning[key!]!;
  for (const outline of outlines!) {
    const [text, next]: [string, HclJson] = Object.entries(inner as JsonObject)[0]!;
    labels.push({ text, range: outline.range });
    inner = next;
  }
  const body = bodyValue(placing, (inner as HclJson[])[0] as JsonObject, value) as Fields;
  return { type: name ?? key!, typeRange: nameRange, labels, body, range: item.range };
}
