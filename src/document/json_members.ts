// The members of a JSON text that are remembered as wholes, those of the top level and of some objects there: one whose
// text is what it was is the same entry again, and its places move with it. Only the last text is remembered.
import type { Anchor } from "../diagnostic/anchor.ts";
import type { Range } from "../diagnostic/range.ts";
import type { Entry, Value } from "./document.ts";

/** A member with what its ranges move with: where its name begins. */
export interface Member {
  /** Its name and value. */
  readonly entry: Entry;
  /** Moves to where it stands in the newest text. */
  readonly anchor: Anchor;
}

/** An anchor that moves as the range does. */
export function anchorAt(range: Range): Anchor {
  return {
    get at() {
      return range.start;
    },
  };
}

/** What is known of the members of one object. */
export interface MemberMemory {
  /**
   * Takes the member whose name begins at an offset of the text, and those behind it, as far as they are what they were
   * in the last text: adds them to the entries, and returns the offset behind the last of them. Null where it is not.
   */
  take(text: string, at: number, name: string, entries: Entry[]): number | null;
  /** Remembers one that was read: its anchor says where it stands. */
  put(member: Member): void;
}

/** One reading of a text. */
export interface MemberReading {
  /** The members of the whole. Those that are remembered in parts are not among what it takes. */
  readonly top: MemberMemory;
  /** Those of the object that this top-level member is; null where they are not remembered: it counts once. */
  inside(name: string): MemberMemory | null;
  /** How many members were read anew. */
  readonly read: number;
  /** All of them in the order of the text, for the next text; every anchor is moved to its place in this one. */
  settle(text: string, root: Value): RememberedMembers;
}

/** What is known of a text. */
export interface RememberedMembers {
  /** The text, in which the anchors say where its members stand. */
  readonly text: string;
  /** What it says. */
  readonly root: Value;
  /** By the object that they stand in; the top level is "". */
  readonly objects: ReadonlyMap<string, readonly Member[]>;
}

/** Which top-level objects are remembered in parts: the name that all spellings of such a one have, null for others. */
export type Divides = (name: string) => string | null;

/** Begins to read a text of which parts may be known. */
export function openMemberReading(divides: Divides, last: RememberedMembers | null): MemberReading {
  const found = new Map<string, Staged>();
  const taken = new Set<Member>();
  let read = 0;
  const memoryOf = (key: string): MemberMemory => {
    const known = last?.objects.get(key) ?? [];
    const { members, starts }: Staged = { members: [], starts: [] };
    found.set(key, { members, starts });
    let indexes: Map<string, number> | null = null;
    return {
      take(text, at, name, entries) {
        const first = (indexes ??= indexesOf(known)).get(name);
        if (last === null || first === undefined) return null;
        const shift = at - startOf(known[first]!);
        let end: number | null = null;
        // Between two at the top level there may be others, which are remembered in parts.
        for (const member of known.slice(first, key === "" ? first + 1 : known.length)) {
          const from = end === null ? startOf(member) : end - shift;
          const to = endOf(member) + unitsThatEnd(member);
          if (taken.has(member) || last.text.slice(from, to) !== text.slice(from + shift, to + shift)) break;
          taken.add(member);
          members.push(member);
          starts.push(member.anchor.at + shift);
          entries.push(member.entry);
          end = endOf(member) + shift;
        }
        return end;
      },
      put(member) {
        const { entry, anchor } = member;
        if (key === "" && entry.value.kind === "fields" && divides(entry.name) !== null) return;
        read++;
        members.push(member);
        starts.push(anchor.at);
      },
    };
  };
  return {
    top: memoryOf(""),
    inside(name) {
      const key = divides(name);
      return key === null || found.has(key) ? null : memoryOf(key);
    },
    get read() {
      return read;
    },
    settle(text, root) {
      for (const { members, starts } of found.values()) {
        for (let index = 0; index < members.length; index++) members[index]!.anchor.at = starts[index]!;
      }
      return { text, root, objects: new Map([...found].map(([key, { members }]) => [key, members])) };
    },
  };
}

/** Members with their places in a text that is still being read. */
interface Staged {
  readonly members: Member[];
  readonly starts: number[];
}

function startOf({ anchor }: Member): number {
  return anchor.at;
}

function endOf({ entry }: Member): number {
  return entry.value.range.end;
}

function indexesOf(members: readonly Member[]): Map<string, number> {
  const indexes = new Map<string, number>();
  for (let index = members.length - 1; index >= 0; index--) indexes.set(members[index]!.entry.name, index);
  return indexes;
}

/** How many units behind a member say that it ends there: a number or a word goes on where it can. */
function unitsThatEnd({ entry: { value } }: Member): number {
  return value.kind === "literal" && typeof value.value !== "string" ? 1 : 0;
}
