// A release in words: its cause with the person behind it, its state and its changes. Texts from outside are as they
// were given, so a caller makes the result safe for a terminal or a page.
import type { ChangeCounts } from "./release.ts";

const CAUSES: Readonly<Record<string, string>> = {
  file: "file",
  operator: "reload",
  force: "reload --force",
  cluster: "cluster",
  rollback: "rollback",
  health: "health checks",
  confirmation: "no confirmation",
  found: "found at a start",
};

/** `file`, or `anna (rollback)`; a cause of a later version is shown unchanged. */
export function causeText(
  { cause, author }: { readonly cause: string; readonly author: string | null },
): string {
  const how = Object.hasOwn(CAUSES, cause) ? CAUSES[cause]! : cause;
  return author === null ? how : `${author} (${how})`;
}

/** `rolled back`; a skip is worth a word only if the state does not say it. */
export function stateText(state: string, isSkipped: boolean): string {
  const text = state.replace("-", " ");
  return isSkipped && !["rolled-back", "skipped", "failed"].includes(state) ? `${text}, skipped` : text;
}

/** `+1 −0 ~3`; null: the changes are not known. */
export function changesText(changes: ChangeCounts | null): string {
  return changes === null ? "-" : `+${changes.added} −${changes.removed} ~${changes.changed}`;
}
