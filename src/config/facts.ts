// The facts that reading a block records besides its values: the place of each setting, the settings that could not be
// read (they already have an error), those that came from the environment (no finding quotes them), and the findings. A
// few lists for each block hold them, since nothing asks for the facts of most of the thousands of blocks.
import type { Range } from "../diagnostic/range.ts";
import type { Fault } from "./expressions.ts";
import { type Collection, type Finding, finding, type FindingDetails, findingOf, openCollection } from "./findings.ts";

/** The facts about the settings of a block, for the rules. */
export interface Facts {
  readonly places: Places;
  /** Paths that could not be read. */
  readonly failed: ReadonlySet<string>;
  /** Paths whose values came from the environment, also through a variable. */
  readonly tainted: ReadonlySet<string>;
}

/** The places of settings: two lists, since most blocks have few settings, and an index for a long list. */
export interface Places {
  /** In the order of the notes; of a repeated path the later counts. */
  readonly paths: readonly string[];
  /** The range of each path. */
  readonly ranges: readonly Range[];
  /** Null until the first look-up in a long list. */
  index: ReadonlyMap<string, Range> | null;
}

const NONE: ReadonlySet<string> = new Set();

/** The facts of a block that is not written. */
export const NO_FACTS: Facts = { places: { paths: [], ranges: [], index: null }, failed: NONE, tainted: NONE };

/** The place of a setting or, if it is not written, of the nearest parent that is; null for a missing block. */
export function rangeAt({ places }: Facts, path: string): Range | null {
  for (const one of enclosing(path)) {
    const range = rangeOf(places, one);
    if (range !== null) return range;
  }
  return null;
}

/** Whether the source contains the setting, so that its value is no default. */
export function isWritten({ places }: Facts, path: string): boolean {
  return rangeOf(places, path) !== null;
}

/** Whether the setting or one of its parents could not be read. */
export function hasFailed({ failed }: Facts, path: string): boolean {
  return failed.size > 0 && [...enclosing(path)].some((one) => failed.has(one));
}

/** Whether the setting itself came from the environment, so that its value must not be quoted. */
export function isFromEnvironment({ tainted }: Facts, path: string): boolean {
  return tainted.has(path);
}

const MAX_UNINDEXED = 64;

/** The last noted place of exactly this path. */
function rangeOf(places: Places, path: string): Range | null {
  const { paths, ranges } = places;
  if (paths.length > MAX_UNINDEXED) {
    places.index ??= new Map(paths.map((one, at) => [one, ranges[at]!]));
    return places.index.get(path) ?? null;
  }
  const at = paths.lastIndexOf(path);
  return at < 0 ? null : ranges[at]!;
}

/** A path and its parents, from the inside out. */
function* enclosing(path: string): Generator<string> {
  yield path;
  for (let at = path.lastIndexOf("."); at > 0; at = path.lastIndexOf(".", at - 1)) yield path.slice(0, at);
}

/** The facts and findings of one block. */
export interface BlockRecord {
  readonly facts: Facts;
  /** At most 5,000 errors and 5,000 warnings. */
  readonly findings: readonly Finding[];
  /** How many more findings there were. */
  readonly dropped: number;
  /** Whether the portable form has all that is written: only values of this host's environment were refused. */
  readonly isComplete: boolean;
}

/** Records the facts of one block after the other. */
export interface Recorder {
  /** Notes the place of a setting. */
  note(path: string, range: Range): void;
  /** Notes that a setting came from the environment, also through a variable. */
  taint(path: string): void;
  /** Notes that a setting could not be read. */
  fail(path: string): void;
  error(code: string, summary: string, path: string, range: Range, details?: FindingDetails): void;
  warning(code: string, summary: string, path: string, range: Range, details?: FindingDetails): void;
  /** Makes an error of a fault, once for each place or for the whole, and notes that the setting could not be read. */
  refuse(path: string, fault: Fault): void;
  /** The same, of a value that only this host's environment makes wrong: the portable form has it. */
  refuseHere(path: string, fault: Fault): void;
  /** Returns the record of the block, and starts an empty one. */
  take(): BlockRecord;
}

const NOTHING: readonly never[] = [];

export function openRecorder(): Recorder {
  let paths: string[] = [];
  let ranges: Range[] = [];
  let failed: Set<string> | null = null;
  let tainted: Set<string> | null = null;
  let collection: Collection | null = null;
  let isComplete = true;
  const add = (one: Finding): void => (collection ??= openCollection()).add([one]);
  const refuseHere = (path: string, fault: Fault): void => {
    (failed ??= new Set()).add(path);
    add(findingOf(path, fault));
  };
  return {
    note(path, range) {
      paths.push(path);
      ranges.push(range);
    },
    taint: (path) => void (tainted ??= new Set()).add(path),
    fail(path) {
      (failed ??= new Set()).add(path);
      isComplete = false;
    },
    error(code, summary, path, range, details) {
      add(finding("error", code, summary, path, range, details));
      isComplete = false;
    },
    warning: (code, summary, path, range, details) => add(finding("warning", code, summary, path, range, details)),
    refuse(path, fault) {
      refuseHere(path, fault);
      isComplete = false;
    },
    refuseHere,
    take() {
      const record: BlockRecord = {
        facts: {
          places: { paths, ranges, index: null },
          failed: failed ?? NONE,
          tainted: tainted ?? NONE,
        },
        findings: collection?.kept ?? NOTHING,
        dropped: collection?.dropped ?? 0,
        isComplete,
      };
      paths = [];
      ranges = [];
      failed = tainted = collection = null;
      isComplete = true;
      return record;
    },
  };
}
