// A finding of the doctor: the code of a check, a level, one line of text, and advice if there is something to do. No
// finding quotes a secret.
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { renderLine } from "../diagnostic/render.ts";

/** Only an error makes the examination fail; a note is worth knowing and mostly asks for nothing. */
export type Level = "ok" | "note" | "warning" | "error";

/** A finding that has no code yet. */
export interface Judgement {
  readonly level: Level;
  /** One line without a full stop. */
  readonly what: string;
  /** An order on one line; null: there is nothing to do. */
  readonly todo: string | null;
}

/** A judgement with the code of its check. */
export interface Finding extends Judgement {
  /** `group/thing`, stable over releases: `redis/latency`. */
  readonly check: string;
}

/** The worst first. */
export const LEVELS: readonly Level[] = ["error", "warning", "note", "ok"];

type Judge = (what: string, todo?: string | null) => Judgement;

const judge = (level: Level): Judge => (what, todo = null) => ({ level, what, todo });

export const ok: Judge = judge("ok");
export const note: Judge = judge("note");
/** It works, but not as it should, or not for long. */
export const warning: Judge = judge("warning");
/** It does not work, or it gives a user access that the user must not have. */
export const error: Judge = judge("error");

/** A diagnostic as a judgement. */
export function diagnosed(diagnostic: Diagnostic): Judgement {
  const { severity, why, suggestion } = diagnostic;
  const line = renderLine(diagnostic);
  return judge(severity)(why === null ? line : `${line}: ${why}`, suggestion);
}

/** Whether no finding is an error. */
export function isWell(findings: readonly Finding[]): boolean {
  return findings.every(({ level }) => level !== "error");
}
