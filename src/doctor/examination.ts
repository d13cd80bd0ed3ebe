// One examination: all checks at once, each with a limit, so that nothing that hangs or breaks keeps the others from
// being told. What must not be seen is masked in all that they say.
import { withinLimit } from "../time/limit.ts";
import { textMasker } from "../diagnostic/text_masker.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { terminalText } from "../diagnostic/terminal_text.ts";
import type { Options } from "../options/options.ts";
import type { FoundSource } from "../options/source_path.ts";
import { error, type Finding, warning } from "./finding.ts";
import type { Identity } from "./identity.ts";
import type { Machine } from "./machine.ts";
import type { UnitFacts } from "./unit_facts.ts";

/** An answer of the daemon's admin interface. */
export type StatusAnswer =
  | { readonly ok: true; readonly status: unknown }
  | { readonly ok: false; readonly message: string };

/** What the checks know of the daemon that is examined. */
export interface Subject {
  /** Valid options. */
  readonly options: Options;
  /** What was odd about them. */
  readonly warnings: readonly Diagnostic[];
  /** The options file; null: none. */
  readonly optionsPath: string | null;
  /** The source, or why there is none. */
  readonly source: FoundSource | { readonly trouble: Diagnostic };
  /** The daemon's environment, as far as it is known. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Where credentials are, the first that has one counts (systemd.exec(5), `$CREDENTIALS_DIRECTORY`); the last is where
   * an operator puts them.
   */
  readonly credentialDirectories: readonly string[];
  /** As whom permissions are judged; null: not known. */
  readonly user: Identity | null;
  /** Whether a unit's user is judged and not the one who asks. */
  readonly userOfUnit: boolean;
  /** The number of the daemon's user, also where it is not judged; null: not known. */
  readonly daemonUid: number | null;
  /** The command that shows at length what the source compiles to. */
  readonly validateCommand: string;
  /** What systemd knows. */
  readonly unit: UnitFacts;
  /** The host. */
  readonly machine: Machine;
  /** Asks the daemon for its status, within the time. */
  askStatus(limitMilliseconds: number): Promise<StatusAnswer>;
}

/** One thing that is examined; `Examined` is as much as it needs to know. */
export interface Check<Examined = Subject> {
  /** The `check` of what is said where it cannot be examined. */
  readonly id: string;
  /** What it is about, for that line: "The source". */
  readonly about: string;
  /** Finds out and judges. */
  examine(subject: Examined, within: Within): Promise<Finding[]>;
}

/** The surroundings of a check. */
export interface Within {
  /** Aborts when the time is over, or all was told. */
  readonly signal: AbortSignal;
  /** How long the check may take. */
  readonly limitMilliseconds: number;
  /** Takes what must not be seen in any finding. */
  hide(secrets: readonly string[]): void;
}

/** Runs all checks together; the findings come in the order of the checks. */
export async function examine<Examined>(
  checks: readonly Check<Examined>[],
  subject: Examined,
  { limitMilliseconds, secrets }: { readonly limitMilliseconds: number; readonly secrets: readonly string[] },
): Promise<Finding[]> {
  const hidden = new Set(secrets);
  const hide = (more: readonly string[]) => {
    for (const one of more) hidden.add(one);
  };
  const found = await Promise.all(checks.map(async (check) => {
    const ending = new AbortController();
    const { signal } = ending;
    try {
      const timely = await withinLimit(check.examine(subject, { signal, limitMilliseconds, hide }), limitMilliseconds);
      return timely.ok ? timely.value : [overdue(check, limitMilliseconds)];
    } catch (cause) {
      return [broken(check, cause)];
    } finally {
      ending.abort();
    }
  }));
  const mask = textMasker(hidden);
  return found.flat().map((one) => ({ ...one, what: line(mask(one.what)), todo: one.todo && line(mask(one.todo)) }));
}

/** Names and paths come from anywhere. */
function line(text: string): string {
  return terminalText(text, 2_000);
}

type Named = Pick<Check, "id" | "about">;

function overdue({ id, about }: Named, limitMilliseconds: number): Finding {
  return error(
    id,
    `${about} could not be examined within ${limitMilliseconds / 1000} s: something does not answer`,
    "Look for a file system or server that hangs; --timeout gives more time",
  );
}

function broken({ id, about }: Named, cause: unknown): Finding {
  const why = cause instanceof Error ? `${cause.name}: ${cause.message.split("\n")[0]}` : String(cause);
  return warning(id, `${about} could not be examined: ${why}`, "Examine it by hand");
}
