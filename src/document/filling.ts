// Puts what was lifted out of an item back into hcl2json's meaning of its shape. What comes out is what hcl2json would
// have said of the item itself: every value is used exactly once and nothing else is there, or nothing comes out.
import type { HclJson } from "./hcl.ts";
import type { Shape } from "./shape.ts";

/** What is put in, and how many of its values were. */
interface Filling {
  readonly shape: Shape;
  readonly used: Set<number>;
}

/**
 * The meaning of an item, from that of its shape; null where hcl2json did anything but hand the placeholders through:
 * of a key twice it keeps the last, and a block with the name of an attribute it drops.
 */
export function fillShape(meaning: HclJson, shape: Shape): HclJson | null {
  const filling: Filling = { shape, used: new Set() };
  const filled = fill(filling, meaning);
  return filled !== undefined && filling.used.size === shape.values.length ? filled : null;
}

/** Undefined where something is not a placeholder, or one that was used. */
function fill(filling: Filling, json: HclJson): HclJson | undefined {
  if (typeof json === "string") return fillValue(filling, json);
  if (Array.isArray(json)) {
    const items: HclJson[] = [];
    for (const item of json) {
      const filled = fill(filling, item);
      if (filled === undefined) return undefined;
      items.push(filled);
    }
    return items;
  }
  if (json === null || typeof json !== "object") return undefined;
  const entries: [string, HclJson][] = [];
  for (const placeholder of Object.keys(json)) {
    const name = filling.shape.names[numberIn(placeholder.slice(1))];
    const filled = fill(filling, json[placeholder]!);
    if (name === undefined || placeholder[0] !== "n" || filled === undefined) return undefined;
    entries.push([name, filled]);
  }
  return Object.fromEntries(entries);
}

function fillValue({ shape, used }: Filling, placeholder: string): HclJson | undefined {
  const number = numberIn(placeholder);
  if (number < 0 || used.has(number)) return undefined;
  used.add(number);
  return shape.values[number];
}

/** The number of a placeholder, or -1. */
function numberIn(digits: string): number {
  return /^(?:0|[1-9][0-9]*)$/.test(digits) ? Number(digits) : -1;
}
