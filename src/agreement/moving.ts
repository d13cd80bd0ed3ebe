// The rules of moving a rollout: a compare-and-set on the head and on the rollout's text, which a proposal with an
// older state does not pass. The script that Redis runs follows the same rules in the same order, as their common
// contract tests show.
import type { Head } from "./head.ts";
import { parseRollout, type Rollout, type RolloutMove, rolloutText } from "./rollout.ts";
import { isSkipped, joinSkips, type Skip } from "./skip.ts";

/** Whether a move is made, or why not. `skips` is the store's set after it. */
export type MoveVerdict =
  | { readonly kind: "write"; readonly skips: readonly Skip[] }
  | { readonly kind: "late" }
  | { readonly kind: "refused" };

/**
 * Judges a move. `heads` are the remembered ones, the current one last; if empty, the head is missing. `mark` is that
 * of the rollout's text in the store, also of one that is no rollout; null: there is none.
 */
export function judgeMove(
  heads: readonly Head[],
  mark: string | null,
  skips: readonly Skip[],
  { head, mark: base, to, since, skips: added }: RolloutMove,
): MoveVerdict {
  const current = heads.at(-1);
  if (current?.generation !== head.generation || current.hash !== head.hash || mark !== base) {
    return { kind: "refused" };
  }
  if (since !== null && heads.some((one) => one.generation > since && one.hash === to.hash)) return { kind: "late" };
  if (since !== null && isSkipped(to.hash, skips)) return { kind: "refused" };
  return { kind: "write", skips: joinSkips(skips, added, null) };
}

/**
 * Returns the text of the rollout to store, and the rollout that every reader parses from it.
 *
 * @throws {RangeError} if no reader could parse the text, which is a bug of the caller.
 */
export function textToStore(to: Rollout): { readonly text: string; readonly rollout: Rollout } {
  const text = rolloutText(to);
  const rollout = parseRollout(text);
  if (rollout === null) throw new RangeError("a rollout is out of its bounds");
  return { text, rollout };
}
