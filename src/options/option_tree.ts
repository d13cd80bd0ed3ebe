// The settings of one source as a tree under names in any case, each name and value with its place. The schema is not
// checked here, only the kind of each value; names are map keys, never properties.
import type { Place } from "../diagnostic/diagnostic.ts";

export type Origin =
  | { readonly kind: "file"; readonly place: Place }
  | { readonly kind: "environment"; readonly variable: string }
  | { readonly kind: "flag"; readonly flag: string };

/** A single value; a group or a list is a node with children. */
export type Scalar = string | number | boolean | null;

/** A single value, or the braces or brackets whose content follows as further settings. */
export type Written = { readonly value: Scalar } | { readonly form: "group" | "list" };

/** The value or form of a name, and its place. */
export interface Given {
  readonly what: Written;
  readonly origin: Origin;
}

/** A name with its value or its children. */
export interface OptionNode {
  /** As it was written; of the root, empty. */
  readonly name: string;
  /** The first place of the name. */
  readonly nameOrigin: Origin | null;
  /** The value or form of the name itself; undefined: only something below it was written. */
  written: Given | undefined;
  /** By name in lower case. */
  readonly children: Map<string, OptionNode>;
}

/** A setting as one source wrote it. */
export interface Setting {
  /** Names from the section down. */
  readonly path: readonly string[];
  /** Of the last name. */
  readonly nameOrigin: Origin;
  readonly what: Written;
  readonly valueOrigin: Origin;
}

/** Longer than the path of any known setting. Deeper parts are cut, so that no recursion over a tree is deep. */
export const MAX_DEPTH = 16;

export function emptyTree(): OptionNode {
  return newNode("", null);
}

function newNode(name: string, nameOrigin: Origin | null): OptionNode {
  return { name, nameOrigin, written: undefined, children: new Map() };
}

/**
 * Puts a setting into the tree, and returns the earlier value or form of the same setting, or null. `Hooks:0` is
 * `Hooks:List:0`, so that hooks may be a bare list in every source.
 */
export function putSetting(root: OptionNode, setting: Setting): Given | null {
  let node = root;
  for (const name of canonicalPath(setting).slice(0, MAX_DEPTH)) {
    const key = name.toLowerCase();
    const child = node.children.get(key) ?? newNode(name, setting.nameOrigin);
    node.children.set(key, child);
    node = child;
  }
  const before = node.written ?? null;
  node.written = { what: setting.what, origin: setting.valueOrigin };
  return before;
}

function canonicalPath({ path, what }: Setting): readonly string[] {
  const [first, second] = path;
  if (first?.toLowerCase() !== "hooks") return path;
  const bareList = second === undefined ? "form" in what && what.form === "list" : /^\d+$/.test(second);
  return bareList ? [first, "List", ...path.slice(1)] : path;
}

/**
 * Merges both trees; `high` overrides `low`. A single value replaces all settings under the same name, and settings
 * under a name replace a single value. Lists are merged item by item, as .NET's configuration does.
 */
export function mergeTrees(low: OptionNode, high: OptionNode): OptionNode {
  if (givenValue(high) !== undefined) return high;
  if (givenValue(low) !== undefined && (high.written !== undefined || high.children.size > 0)) return high;
  const children = new Map(low.children);
  for (const [key, child] of high.children) {
    const below = children.get(key);
    children.set(key, below === undefined ? child : mergeTrees(below, child));
  }
  return { ...high, nameOrigin: high.nameOrigin ?? low.nameOrigin, written: high.written ?? low.written, children };
}

/** The single value of a node; JSON's null counts as none. */
export function givenValue(node: OptionNode): Exclude<Scalar, null> | undefined {
  const what = node.written?.what;
  return what !== undefined && "value" in what ? what.value ?? undefined : undefined;
}

/** The best place for a diagnostic about a node: its value, else its name. */
export function originOf(node: OptionNode): Origin | null {
  return node.written?.origin ?? node.nameOrigin;
}

/** Text that a person wrote, on one line and at most 80 characters of it. */
export function shownText(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return cut.toWellFormed().replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
