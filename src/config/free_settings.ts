// Settings that the schema does not know: kept as they are written, at every depth, and warned about once, at the
// outermost unknown name. They never fail a configuration by being unknown.
import { nearest } from "../diagnostic/suggest.ts";
import type { Range } from "../diagnostic/range.ts";
import type { Entry, Role, Value } from "../document/document.ts";
import type { JsonObject } from "./json.ts";
import {
  absent,
  absentHere,
  assign,
  type Both,
  clip,
  deeper,
  emptyBoth,
  isName,
  listOf,
  portableOf,
  type Reader,
  settle,
} from "./reading.ts";
import { NOT_SUPPORTED } from "./rules_of_server_form.ts";
import type { Member, Members } from "./schema.ts";
import { plain, type Reading } from "./evaluation.ts";

/**
 * Reads a value that no schema shapes, lists and maps with all that is in them; the reading is of the value itself, as the
 * server looks for bare names in texts and not in lists.
 */
export function readFree(reader: Reader, value: Value, path: string, reading: Reading = plain): Both {
  const settled = settle(reader, value, path, reading);
  if (settled === null) return absent;
  if (settled.kind === "scalar") {
    if (settled.isRefused) return absentHere(settled);
    const { value: resolved } = settled.constant;
    return { resolved, portable: portableOf(settled, resolved) };
  }
  return deeper(reader, path, value.range, () => {
    if (settled.kind === "fields") return readFreeEntries(reader, settled.entries, path, plain);
    const items = settled.items.map((item) => readFree(reader, item, path));
    return listOf(items);
  });
}

/** Reads entries that no schema shapes; a name that stands more than once becomes a list. */
export function readFreeEntries(
  reader: Reader,
  entries: readonly Entry[],
  path: string,
  reading: Reading,
): Both<JsonObject> {
  const both = emptyBoth();
  for (const [name, same] of byName(entries)) {
    const values = same.filter((entry) => isName(reader, entry.name, path, entry.nameRange))
      .map((entry) => readFree(reader, entry.value, `${path}.${name}`, reading));
    if (values.length > 0) assign(both, name, values.length === 1 ? values[0]! : listOf(values));
  }
  return both;
}

/** Where unknown names stand: what is known there, and the keys that they must not be mistaken for. */
export interface Surroundings {
  /** Null at the top of the file. */
  readonly path: string | null;
  /** What is known here, for "did you mean": names in HCL and keys in JSON. */
  readonly members: readonly Pick<Member, "name" | "key">[];
  /** In lower case: a reader of the snapshot looks for its names in any case. */
  readonly reserved: ReadonlySet<string>;
}

/** Whether an unknown name may stand in the snapshot; says in a warning that it is unknown. */
export function admitUnknown(
  reader: Reader,
  name: string,
  range: Range,
  { path, members, reserved }: Surroundings,
  role?: Role,
): boolean {
  const carried = !reserved.has(name.toLowerCase());
  // Advice in the words of the form that the source is written in.
  const known = members.map((member) => role === undefined ? member.name : member.key);
  const near = nearest(name, known);
  const shown = clip(name);
  reader.findings.warning(
    NOT_SUPPORTED,
    carried ? `Unknown setting ${shown}` : `Unknown setting ${shown}, which is left out of the snapshot`,
    path === null ? name : `${path}.${name}`,
    range,
    {
      why: carried
        ? "Honua's configuration has no such setting here: the snapshot keeps it as it is, the server's file leaves it out"
        : "Its name, but for upper and lower case, is that of a member which the snapshot has here",
      suggestion: near === null ? null : `Did you mean ${near}?`,
    },
  );
  return carried && isName(reader, name, path ?? name, range);
}

/** The keys that an object has in the snapshot, in lower case; blocks have an `id` beside them. */
export function reservedKeys(members: Members): Set<string> {
  return new Set(["id", ...[...members.values()].map((member) => member.key.toLowerCase())]);
}

/** Unknown entries: kept, with a warning for each name. */
export function readUnknown(
  reader: Reader,
  unknown: readonly Entry[],
  where: Surroundings,
  into: Both<JsonObject>,
): void {
  for (const [name, same] of byName(unknown)) {
    const path = `${where.path}.${name}`;
    const carried = admitUnknown(reader, name, same[0]!.nameRange, where, same[0]!.role);
    const values = same.map((entry) => readFree(reader, entry.value, path));
    if (carried) assign(into, name, values.length === 1 ? values[0]! : listOf(values));
  }
}

/** Entries by their names, in the order in which the names first stand. */
function byName(entries: readonly Entry[]): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.name);
    if (group === undefined) groups.set(entry.name, [entry]);
    else group.push(entry);
  }
  return groups;
}
