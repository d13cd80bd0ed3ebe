// Entity tags and the lists of them in conditions: RFC 9110, sections 8.8.3, 13.1.1 and 13.1.2. The parser tells a
// malformed list from one that matches nothing.

/** The representations that a condition names: any, or some by their tags. */
export type TagCondition =
  | { readonly kind: "any" }
  | { readonly kind: "tags"; readonly tags: readonly EntityTag[] };

export interface EntityTag {
  /** A weak tag names any equivalent representation, a strong one only equal bytes. */
  readonly weak: boolean;
  /** Without its quotes. */
  readonly value: string;
}

/** The message for a header that {@linkcode readCondition} cannot read. */
export function conditionForm(header: "If-Match" | "If-None-Match"): string {
  return `${header} must be * or a list of entity tags in double quotes, as in ${header}: "3f2a"`;
}

/** Separators around the members of a list, which may be empty (section 5.6.1). */
const SEPARATORS = /[ \t,]*/y;
/** One entity tag; after it the list ends or goes on. */
const TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"(?=[ \t]*(?:,|$))/y;

/** Reads `If-Match` or `If-None-Match`; null: it is neither `*` nor a list of entity tags. */
export function readCondition(header: string): TagCondition | null {
  if (header.trim() === "*") return { kind: "any" };
  const tags: EntityTag[] = [];
  for (let at = endOf(SEPARATORS, header, 0); at < header.length; at = endOf(SEPARATORS, header, at)) {
    TAG.lastIndex = at;
    const found = TAG.exec(header);
    if (found === null) return null;
    tags.push({ weak: found[1] !== undefined, value: found[2]! });
    at = TAG.lastIndex;
  }
  return tags.length === 0 ? null : { kind: "tags", tags };
}

function endOf(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  pattern.test(text);
  return pattern.lastIndex;
}

/** Strong comparison, for `If-Match`: a weak tag matches nothing. `current` null: there is no representation. */
export function matchesStrongly(condition: TagCondition, current: string | null): boolean {
  return matches(condition, current, ({ weak, value }) => !weak && value === current);
}

/** Weak comparison, for `If-None-Match`. */
export function matchesWeakly(condition: TagCondition, current: string | null): boolean {
  return matches(condition, current, ({ value }) => value === current);
}

function matches(condition: TagCondition, current: string | null, same: (tag: EntityTag) => boolean): boolean {
  if (current === null) return false;
  return condition.kind === "any" || condition.tags.some(same);
}
