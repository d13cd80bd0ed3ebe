// What the doctor says of one thing: a value, in one line, with what to do about it where something is to be done. No
// finding quotes a secret.

/** How bad it is: only an error makes the examination fail; a note is worth knowing and asks for nothing. */
export type Level = "ok" | "note" | "warning" | "error";

/** What was found out. */
export interface Finding {
  /** `group/thing`, stable over releases: `redis/latency`. */
  readonly check: string;
  /** How bad it is. */
  readonly level: Level;
  /** One line without a full stop. */
  readonly what: string;
  /** What to do, as an order on one line; null where nothing is to be done. */
  readonly todo: string | null;
}

/** The levels, the best first. */
export const LEVELS: readonly Level[] = ["ok", "note", "warning", "error"];

/** All is well. */
export function ok(check: string, what: string): Finding {
  return { check, level: "ok", what, todo: null };
}

/** Worth knowing. */
export function note(check: string, what: string, todo: string | null = null): Finding {
  return { check, level: "note", what, todo };
}

/** It works, and not as it should or not for long. */
export function warning(check: string, what: string, todo: string | null): Finding {
  return { check, level: "warning", what, todo };
}

/** It does not work, or lets somebody in. */
export function error(check: string, what: string, todo: string | null): Finding {
  return { check, level: "error", what, todo };
}

/** Whether nothing is an error. */
export function isWell(findings: readonly Finding[]): boolean {
  return findings.every(({ level }) => level !== "error");
}
