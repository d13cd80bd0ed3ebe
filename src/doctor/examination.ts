// One examination: all facts are gathered at the same time, each within a limit, and every check judges its facts. A
// gathering that hangs or throws is a finding and stops no other. Secrets are masked in all findings.
import { withinLimit } from "../time/limit.ts";
import { textMasker } from "../diagnostic/text_masker.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { terminalText } from "../diagnostic/terminal_text.ts";
import type { Options } from "../options/options.ts";
import type { FoundSource } from "../options/source_path.ts";
import type { Identity } from "./access.ts";
import { error, type Finding, type Judgement, warning } from "./finding.ts";
import type { Machine } from "./machine.ts";
import type { UnitFacts } from "./unit.ts";

/** The daemon's own status, in the words of `honua-configd status`; or the reason why there is none. */
export type StatusAnswer =
  | {
    readonly ok: true;
    readonly version: string;
    /** The hash in force, or the problem that a person must act on. */
    readonly headline: string;
    readonly isWell: boolean;
    readonly restartNeeded: boolean;
    /** The reason why the source is polled only; null: events report its changes, or it is not watched. */
    readonly pollsBecause: string | null;
    /** Why an address of its admin interface is not open, or shows an old certificate, in one line each. */
    readonly listenerTroubles: readonly string[];
  }
  | {
    readonly ok: false;
    readonly message: string;
    /** Something listens, and the limit was over. */
    readonly isOverdue?: true;
  };

/** The part of a subject that needs no valid options. */
export interface Host {
  readonly machine: Machine;
  readonly unit: UnitFacts;
}

/** The daemon that is examined. */
export interface Subject extends Host {
  readonly options: Options;
  /** Of reading the options. */
  readonly warnings: readonly Diagnostic[];
  /** Null: there is no options file. */
  readonly optionsPath: string | null;
  readonly source: FoundSource | { readonly trouble: Diagnostic } | { readonly isStored: true };
  /** The daemon's, as far as it is known. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * The first that has a credential counts (systemd.exec(5), `$CREDENTIALS_DIRECTORY`); the last is the one into which
   * an operator puts credentials.
   */
  readonly credentialDirectories: readonly string[];
  /** The user whose permissions are judged; null: not known. */
  readonly user: Identity | null;
  /** Whether `user` is the unit's user, not the user that runs the doctor. */
  readonly userOfUnit: boolean;
  /** Of the daemon's user, even if `user` is another one; null: not known. */
  readonly daemonUid: number | null;
  /** Shows the compiled source in full. */
  readonly validateCommand: string;
  /** Asks once, however often it is called. */
  askStatus(limitMilliseconds: number): Promise<StatusAnswer>;
}

export interface Within {
  /** Aborts after the limit, or once the facts are judged. */
  readonly signal: AbortSignal;
  readonly limitMilliseconds: number;
  /** Masks these in every finding. */
  hide(secrets: readonly string[]): void;
}

/** The judgements of a check about its facts. */
export type Judged = Judgement | readonly Judgement[] | null | undefined | false;

/** A part of the table: facts that are gathered once, and the checks that judge them. */
export interface Section<Found = unknown, Examined = Subject> {
  /** The facts, at the beginning of a sentence: "The source". */
  readonly about: string;
  /** Of the first check. */
  readonly code: string;
  gather(examined: Examined, within: Within): Promise<Found>;
  judge(found: Found, examined: Examined): Finding[];
}

/** Makes a section; the checks are named by their codes, and the first one reports facts that cannot be gathered. */
export function section<Found, Examined = Subject>(
  about: string,
  gather: (examined: Examined, within: Within) => Promise<Found>,
  checks: Readonly<Record<string, (found: Found, examined: Examined) => Judged>>,
): Section<Found, Examined> {
  const judge = (found: Found, examined: Examined) =>
    Object.entries(checks).flatMap(([code, judge]) => coded(code, [judge(found, examined) || []].flat()));
  return { about, code: Object.keys(checks)[0]!, gather, judge };
}

/** Gathers the facts of the sections, and judges them; the findings have the order of the checks. */
export async function examine<Examined>(
  sections: readonly Section<unknown, Examined>[],
  examined: Examined,
  { limitMilliseconds, secrets }: { readonly limitMilliseconds: number; readonly secrets: readonly string[] },
): Promise<Finding[]> {
  const hidden = new Set(secrets);
  const hide = (more: readonly string[]) => more.forEach((one) => hidden.add(one));
  const found = await Promise.all(sections.map(async (section) => {
    const { code, about } = section;
    const ending = new AbortController();
    try {
      const gathering = section.gather(examined, { signal: ending.signal, limitMilliseconds, hide });
      const timely = await withinLimit(gathering, limitMilliseconds);
      if (timely.ok) return section.judge(timely.value, examined);
      const within = `within ${limitMilliseconds / 1000} s: something does not answer`;
      const todo = "Look for a file system or server that hangs; --timeout gives more time";
      return coded(code, [error(`${about} could not be examined ${within}`, todo)]);
    } catch (cause) {
      const why = cause instanceof Error ? `${cause.name}: ${cause.message.split("\n")[0]}` : String(cause);
      return coded(code, [warning(`${about} could not be examined: ${why}`, "Examine it by hand")]);
    } finally {
      ending.abort();
    }
  }));
  const mask = textMasker(hidden);
  // Names and paths come from outside.
  const line = (text: string) => terminalText(mask(text), 2_000);
  return found.flat().map((one) => ({ ...one, what: line(one.what), todo: one.todo && line(one.todo) }));
}

/** The judgements as findings of a check. */
export function coded(check: string, judgements: readonly Judgement[]): Finding[] {
  return judgements.map((one) => ({ check, ...one }));
}
