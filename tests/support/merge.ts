// Merges the verdicts on a source's items into the result of one parse of the whole file, to check block-wise parsing.
// It follows hcl2json's rules, also the odd ones.
import type { Item } from "../../src/document/hcl/dialect.ts";
import type { HclJson, HclVerdict } from "../../src/document/hcl/hcl.ts";

type HclObject = { [name: string]: HclJson };

/** Returns the merged meaning, or null if hcl2json refuses the whole. */
export function mergeVerdicts(items: readonly Item[], verdicts: readonly HclVerdict[]): HclObject | null {
  const merged: HclObject = Object.create(null);
  const meanings: HclObject[] = [];
  for (const verdict of verdicts) {
    if (!("value" in verdict)) return null;
    meanings.push(verdict.value as HclObject);
  }
  const attributes = new Set<string>();
  for (const [index, meaning] of meanings.entries()) {
    if (items[index]!.kind === "block") continue;
    for (const [name, value] of Object.entries(meaning)) {
      if (attributes.has(name)) return null;
      attributes.add(name);
      merged[name] = value;
    }
  }
  // hcl2json silently drops blocks with the name of an attribute, but still reports their mistakes.
  const dropped: HclObject = Object.create(null);
  for (const [index, meaning] of meanings.entries()) {
    const { kind, entry } = items[index]!;
    if (kind !== "block") continue;
    if (!mergeBlock(attributes.has(entry!.key!) ? dropped : merged, meaning, entry!.labels!.length)) return null;
  }
  return merged;
}

/** Adds one block under its type and labels; returns false if bodies and labels would be on one level. */
function mergeBlock(into: HclObject, from: HclObject, labels: number): boolean {
  const [name, value] = Object.entries(from)[0]!;
  if (labels === 0) {
    const bodies = into[name] ??= [];
    if (!Array.isArray(bodies)) return false;
    bodies.push(...(value as HclJson[]));
    return true;
  }
  const next = into[name] ??= Object.create(null) as HclObject;
  return !Array.isArray(next) && mergeBlock(next as HclObject, value as HclObject, labels - 1);
}
