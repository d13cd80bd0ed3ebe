// What reading a block records beside its values: where each setting stands, which could not be read (they have their
// error already), which came from the environment (they are never quoted), and what is wrong. Kept as a few lists for
// each block, since there are thousands of blocks of which nothing is ever asked.
import type { Range } from "../diagnostic/range.ts";
import type { Fault } from "./expressions.ts";
import { type Collection, type Finding, finding, type FindingDetails, findingOf, openCollection } from "./findings.ts";

/** What the rules may ask about the settings of a block. */
export interface Facts {
  /** Where settings stand. */
  readonly places: Places;
  /** Paths that could not be read. */
  readonly failed: ReadonlySet<string>;
  /** Paths whose values came from the environment, also through a variable. */
  readonly tainted: ReadonlySet<string>;
}

/** Where settings stand: two lists for the few that most blocks have, and an index where they are many and asked for. */
export interface Places {
  /** As they were noted; of a path that stands twice the later counts. */
  readonly paths: readonly string[];
  /** The range of each path. */
  readonly ranges: readonly Range[];
  /** Null until many are asked for. */
  index: ReadonlyMap<string, Range> | null;
}

const NONE: ReadonlySet<string> = new Set();

/** What is known of a block that is not written. */
export const NO_FACTS: Facts = { places: { paths: [], ranges: [], index: null }, failed: NONE, tainted: NONE };

/** Where a setting stands or, where it is not written, the nearest thing around it; null for a missing block. */
export function rangeAt({ places }: Facts, path: string): Range | null {
  for (const one of enclosing(path)) {
    const range = rangeOf(places, one);
    if (range !== null) return range;
  }
  return null;
}

/** Whether the setting stands in the source, and is not a default. */
export function isWritten({ places }: Facts, path: string): boolean {
  return rangeOf(places, path) !== null;
}

/** Whether the setting, or what it stands in, could not be read. */
export function hasFailed({ failed }: Facts, path: string): boolean {
  return failed.size > 0 && [...enclosing(path)].some((one) => failed.has(one));
}

/** Whether the setting itself came from the environment, so that its value must not be quoted. */
export function isFromEnvironment({ tainted }: Facts, path: string): boolean {
  return tainted.has(path);
}

const MAX_UNINDEXED = 64;

/** The place that was noted last for just this path. */
function rangeOf(places: Places, path: string): Range | null {
  const { paths, ranges } = places;
  if (paths.length > MAX_UNINDEXED) {
    places.index ??= new Map(paths.map((one, at) => [one, ranges[at]!]));
    return places.index.get(path) ?? null;
  }
  const at = paths.lastIndexOf(path);
  return at < 0 ? null : ranges[at]!;
}

/** A path and all it stands in, from the inside out. */
function* enclosing(path: string): Generator<string> {
  yield path;
  for (let at = path.lastIndexOf("."); at > 0; at = path.lastIndexOf(".", at - 1)) yield path.slice(0, at);
}

/** All that was recorded of one block. */
export interface Record {
  /** For the rules. */
  readonly facts: Facts;
  /** What is wrong, at most 5,000 errors and 5,000 warnings. */
  readonly findings: readonly Finding[];
  /** How many more there were. */
  readonly dropped: number;
}

/** Records one block after the other. */
export interface Recorder {
  /** Notes where a setting stands. */
  note(path: string, range: Range): void;
  /** Notes that a setting came from the environment, also through a variable. */
  taint(path: string): void;
  /** Notes that a setting could not be read. */
  fail(path: string): void;
  /** Adds an error. */
  error(code: string, summary: string, path: string, range: Range, details?: FindingDetails): void;
  /** Adds a warning. */
  warning(code: string, summary: string, path: string, range: Range, details?: FindingDetails): void;
  /** Makes an error of a fault, once for each place or for the whole, and notes that the setting could not be read. */
  refuse(path: string, fault: Fault): void;
  /** Hands out what was recorded, and begins anew. */
  take(): Record;
}

const NOTHING: readonly never[] = [];

/** Opens a recorder. */
export function openRecorder(): Recorder {
  let paths: string[] = [];
  let ranges: Range[] = [];
  let failed: Set<string> | null = null;
  let tainted: Set<string> | null = null;
  let collection: Collection | null = null;
  const add = (one: Finding): void => (collection ??= openCollection()).add([one]);
  return {
    note(path, range) {
      paths.push(path);
      ranges.push(range);
    },
    taint: (path) => void (tainted ??= new Set()).add(path),
    fail: (path) => void (failed ??= new Set()).add(path),
    error: (code, summary, path, range, details) => add(finding("error", code, summary, path, range, details)),
    warning: (code, summary, path, range, details) => add(finding("warning", code, summary, path, range, details)),
    refuse(path, fault) {
      (failed ??= new Set()).add(path);
      add(findingOf(path, fault));
    },
    take() {
      const record: Record = {
        facts: {
          places: { paths, ranges, index: null },
          failed: failed ?? NONE,
          tainted: tainted ?? NONE,
        },
        findings: collection?.kept ?? NOTHING,
        dropped: collection?.dropped ?? 0,
      };
      paths = [];
      ranges = [];
      failed = tainted = collection = null;
      return record;
    },
  };
}
