// Makes moves of a rollout; members that a test does not name get values that have no effect.
import type { Head } from "../../src/agreement/head.ts";
import { rankId, type Rollout, type RolloutMove } from "../../src/agreement/rollout.ts";

/** A rollout of `hash` over `base`, that lets in the first of three hosts. */
export function rolloutOver(hash: string, base: string, more: Partial<Rollout> = {}): Rollout {
  const policy = { bakeSeconds: 60, deadlineSeconds: 600, onFailure: "rollback" } as const;
  const step = { order: ["edge-1", "edge-2", "edge-3"].map((name) => rankId(hash, name)), counts: [1, 3], step: 0 };
  const people = { by: "edge-1", author: "ada", reason: "new tiles", at: "2026-01-02T03:04:05.678Z", why: null };
  return { hash, base, ...people, ...step, phase: "admitting", ...policy, earlier: [], ...more };
}

/** A move of the rollout that there is, without skips. */
export function moveOf(head: Head, mark: string | null, to: Rollout, more: Partial<RolloutMove> = {}): RolloutMove {
  return { head: { generation: head.generation, hash: head.hash }, mark, to, since: null, skips: [], ...more };
}
