// What one parse of the whole file would give, put together from the verdicts on its items: the yardstick of the
// equality that block-wise parsing stands on. It knows hcl2json's ways, also the odd ones.
import type { Item } from "../../src/document/dialect.ts";
import type { HclJson, Verdict } from "../../src/document/hcl.ts";

type HclObject = { [name: string]: HclJson };

/** The merged meaning, or null where hcl2json refuses the whole. */
export function mergeVerdicts(items: readonly Item[], verdicts: readonly Verdict[]): HclObject | null {
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
  // hcl2json drops blocks with the name of an attribute without a word, but not what is wrong with them.
  const dropped: HclObject = Object.create(null);
  for (const [index, meaning] of meanings.entries()) {
    const { kind, entry } = items[index]!;
    if (kind !== "block") continue;
    if (!mergeBlock(attributes.has(entry!.key!) ? dropped : merged, meaning, entry!.labels!.length)) return null;
  }
  return merged;
}

/** Adds one block under its type and labels; false where bodies and labels would stand side by side. */
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
