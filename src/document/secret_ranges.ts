// The places of the values that no code frame may show: those of secret names, and those that look like a credential
// under any name.
import type { Range } from "../diagnostic/range.ts";
import { isSecretName, looksSecret } from "../diagnostic/secrets.ts";
import type { Block, Document, Entry, Literal, Template, Value } from "./document.ts";

/** Blocks whose labels are ids that people choose: a layer named `tokens` is no secret. */
const TYPES_WITH_IDS = new Set(["data_source", "service", "layer", "cache"]);

/** A reference that names a value and does not show it, in HCL's or JSON's spelling: no default, no other text. */
const PURE_REFERENCE =
  /^"?(?:\$\{\s{0,8})?(?:env\(\s{0,8}\\?"[\w.:-]{1,256}\\?"\s{0,8}\)|env:[\w.:-]{1,256}|var\.[\w-]{1,256})(?:\s{0,8}\})?"?$/;

/**
 * Returns the places of all values that belong to a secret name: of a setting, of an object around it, of a variable.
 * Values and names that look like a credential count too. The places are in source order, none inside another. A pure
 * `env("NAME")` or `var.x` is left out: a reader needs to see the name of the missing value.
 *
 * @param near if given, only blocks and attributes that touch one of these ranges are looked at.
 */
export function secretRanges(document: Document, near?: readonly Range[]): Range[] {
  const ranges: Range[] = [];
  const source = document.source.text;
  const addValue = (value: Value, isSecret: boolean, namesAreIds: boolean): void => {
    switch (value.kind) {
      case "list":
        return value.items.forEach((item) => addValue(item, isSecret, namesAreIds));
      case "fields":
        return value.entries.forEach((entry) => addEntry(entry, isSecret, namesAreIds, false));
      default:
        if (isHidden(value, isSecret, source)) ranges.push(value.range);
    }
  };
  const addEntry = (entry: Entry, isSecret: boolean, nameIsId: boolean, valueHasIds: boolean): void => {
    if (looksSecret(entry.name)) ranges.push(entry.nameRange);
    addValue(entry.value, isSecret || (!nameIsId && isSecretName(entry.name)), valueHasIds);
  };
  const isNear = (start: number, end: number) => near?.some((one) => start <= one.end && end >= one.start) ?? true;
  for (const block of document.blocks) {
    if (!isNear(block.range.start, block.range.end)) continue;
    for (const label of block.labels) if (looksSecret(label.text)) ranges.push(label.range);
    const isSecret = isSecretBlock(block);
    for (const entry of block.body.entries) addEntry(entry, isSecret, false, holdsIds(block.type, entry.name));
  }
  for (const entry of document.attributes) {
    if (isNear(entry.nameRange.start, entry.value.range.end)) addEntry(entry, false, false, false);
  }
  return ranges.sort((left, right) => left.start - right.start);
}

function isSecretBlock(block: Block): boolean {
  return !TYPES_WITH_IDS.has(block.type) && [block.type, ...block.labels.map((label) => label.text)].some(isSecretName);
}

/** Whether people choose the names inside a setting: a layer's fields, a rate limit's rules. */
function holdsIds(blockType: string, name: string): boolean {
  return (blockType === "layer" && name === "fields") || (blockType === "rate_limit" && name === "rules");
}

function isHidden(value: Literal | Template, isSecret: boolean, source: string): boolean {
  if (value.kind === "template") {
    if (!isSecret && !looksSecret(value.text)) return false;
    return !PURE_REFERENCE.test(source.slice(value.range.start, value.range.end));
  }
  if (typeof value.value === "string") return value.value !== "" && (isSecret || looksSecret(value.value));
  return isSecret && typeof value.value === "number";
}
