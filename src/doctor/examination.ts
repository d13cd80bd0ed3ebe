// One examination: all facts are gathered at the same time, each within a limit, and every check judges its facts. A
// gathering that hangs or throws is a finding and stops no other. Secrets are masked in all findings.
import { withinLimit } from "../time/limit.ts";
import { textMasker } from "../diagnostic/text_masker.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { terminalText } from "../diagnostic/terminal_text.ts";
import type { Options } from "../options/options.ts";
import type { FoundSource } from "../options/source_path.ts";
import { error, type Finding, type Judgement, warning } from "./finding.ts";
import type { Identity } from "./identity.ts";
import type { Machine } from "./machine.ts";
import type { UnitFacts } from "./unit_facts.ts";

/** An answer of the daemon's admin interface. */
export type StatusAnswer =
  | { readonly ok: true; readonly status: unknown }
  | { readonly ok: false; readonly message: string };

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
  askStatus(limitMilliseconds: number): Promise<StatusAnswer>;
}

export interface Within {
  /** Aborts after the limit, or once the facts are judged. */
  readonly signal: AbortSignal;
  readonly limitMilliseconds: number;
  /** Masks these in every finding. */
  hide(secrets: readonly string[]): void;
}

/** Facts that one or more checks judge; one examination gathers them once. */
export interface Facts<Found, Examined = Subject> {
  /** The code and the subject ("The source") of the finding if they cannot be gathered. */
  readonly code: string;
  readonly about: string;
  gather(examined: Examined, within: Within): Promise<Found>;
}

export type Found<F> = F extends Facts<infer T, never> ? T : never;

export function facts<Found, Examined = Subject>(
  code: string,
  about: string,
  gather: (examined: Examined, within: Within) => Promise<Found>,
): Facts<Found, Examined> {
  return { code, about, gather };
}

export type Judged = Judgement | readonly Judgement[] | null | undefined | false;

/** A row of the table of checks. */
export interface Check<Examined = Subject> {
  readonly code: string;
  readonly facts: Facts<unknown, Examined>;
  judge(found: unknown, examined: Examined): Judged;
}

export function check<Found, Examined>(
  code: string,
  facts: Facts<Found, Examined>,
  judge: (found: Found, examined: Examined) => Judged,
): Check<Examined> {
  return { code, facts, judge };
}

/** Gathers the facts that the checks judge, and judges them; the findings have the order of the checks. */
export async function examine<Examined>(
  checks: readonly Check<Examined>[],
  examined: Examined,
  { limitMilliseconds, secrets }: { readonly limitMilliseconds: number; readonly secrets: readonly string[] },
): Promise<Finding[]> {
  const hidden = new Set(secrets);
  const hide = (more: readonly string[]) => more.forEach((one) => hidden.add(one));
  const rows = [...Map.groupBy(checks, ({ facts }) => facts)];
  const found = await Promise.all(rows.map(async ([{ code, about, gather }, rows]) => {
    const ending = new AbortController();
    try {
      const gathering = gather(examined, { signal: ending.signal, limitMilliseconds, hide });
      const timely = await withinLimit(gathering, limitMilliseconds);
      if (timely.ok) return judgeRows(rows, timely.value, examined);
      return [{ check: code, ...overdue(about, limitMilliseconds) }];
    } catch (cause) {
      return [{ check: code, ...broken(about, cause) }];
    } finally {
      ending.abort();
    }
  }));
  const mask = textMasker(hidden);
  // Names and paths come from outside.
  const line = (text: string) => terminalText(mask(text), 2_000);
  return found.flat().map((one) => ({ ...one, what: line(one.what), todo: one.todo && line(one.todo) }));
}

export function judgeRows<Examined>(rows: readonly Check<Examined>[], found: unknown, examined: Examined): Finding[] {
  return rows.flatMap((row) => [row.judge(found, examined) || []].flat().map((one) => ({ check: row.code, ...one })));
}

function overdue(about: string, limitMilliseconds: number): Judgement {
  const what = `${about} could not be examined within ${limitMilliseconds / 1000} s: something does not answer`;
  return error(what, "Look for a file system or server that hangs; --timeout gives more time");
}

function broken(about: string, cause: unknown): Judgement {
  const why = cause instanceof Error ? `${cause.name}: ${cause.message.split("\n")[0]}` : String(cause);
  return warning(`${about} could not be examined: ${why}`, "Examine it by hand");
}
