// The store and the other hosts of a transcript: the store's content is judged by the rules that every store follows,
// and answers come at once, unless the store is slow or away.
import type { AnnounceAnswer, Announcement } from "../../src/agreement/announcing.ts";
import { judgeAnnouncement } from "../../src/agreement/announcing.ts";
import type { Head } from "../../src/agreement/head.ts";
import { judgeMove } from "../../src/agreement/moving.ts";
import { markOf, rankId, type Rollout, type RolloutMove, rolloutText } from "../../src/agreement/rollout.ts";
import type { Skip } from "../../src/agreement/skip.ts";
import type { FleetMember, MoveOutcome } from "../../src/rollout/rollouts.ts";
import type { RolloutPolicy, StoreView } from "../../src/rollout/staging.ts";

/** One host, then all; a minute of bake. */
export const POLICY: RolloutPolicy = {
  steps: [{ kind: "hosts", hosts: 1 }, { kind: "percent", percent: 100 }],
  bakeSeconds: 60,
  deadlineSeconds: 600,
  onFailure: "rollback",
};

/** Hosts that a transcript names; the one that it is about is `me`. */
const NAMES = ["me", "h2", "h3", "h4", "h5", "old"];

/** The store's content, and its other clients. */
export interface FleetStore {
  heads: Head[];
  skips: readonly Skip[];
  rollout: Rollout | null;
  /** In milliseconds since 1970. */
  movedAt: number;
  /** Whether this host finds the approvals of a rollout that waits for them. */
  isApproved: boolean;
  /** The other hosts. */
  peers: readonly FleetMember[];
  /** How long hosts that live may have no record. */
  gathersMilliseconds: number;
  /** Whether this host's own record is there. */
  hasOwn: boolean;
  isCanary: boolean;
  answers: "at once" | "slow" | "failed";
}

export function fleetStore(): FleetStore {
  return {
    heads: [{ generation: 1, hash: "a" }],
    skips: [],
    rollout: null,
    movedAt: 0,
    isApproved: false,
    peers: [memberOf("h2"), memberOf("h3")],
    gathersMilliseconds: 0,
    hasOwn: true,
    isCanary: true,
    answers: "at once",
  };
}

/** `h2` · `h2=b` · `h2=b:failed` · `h2?no-key`; `old` is of version 0.1, and `h2!` a canary. */
function memberOf(text: string): FleetMember {
  const form = /^(\w+)(!)?(?:=(\w+)(?::(\w+))?)?(?:\?(\S+))?$/;
  const [, instance = "", canary, hash = "a", state = "healthy", hindrance = null] = form.exec(text) ?? [];
  return { instance, hash, state, hindrance, stages: instance !== "old", canary: canary !== undefined };
}

/**
 * `store HEAD [skips HASH+HASH]` · `store rollout HASH ORDER PHASE` · `store empty` · `store away|slow|back` ·
 * `store approves` · `store without-me` · `store gathers SECONDS` · `peers HOST HOST`, none of which this host hears of by itself.
 */
export function changeStore(store: FleetStore, words: readonly string[], at: number): void {
  const [verb = "", what = "", ...rest] = words;
  if (verb === "peers") {
    store.peers = words.slice(1).map(memberOf);
    return;
  }
  switch (what) {
    case "rollout":
      store.rollout = rolloutOf(store, rest, at);
      store.movedAt = at;
      return;
    case "empty":
      return void Object.assign(store, { heads: [], skips: [], rollout: null });
    case "away":
      return void Object.assign(store, { answers: "failed" });
    case "slow":
      return void Object.assign(store, { answers: "slow" });
    case "back":
      return void Object.assign(store, { answers: "at once" });
    case "approves":
      return void Object.assign(store, { isApproved: true });
    case "gathers":
      return void Object.assign(store, { gathersMilliseconds: Number(rest[0]) * 1000 });
    case "without-me":
      return void Object.assign(store, { hasOwn: false });
  }
  const [hash = "", generation] = what.split("@");
  store.heads = [...store.heads, { hash, generation: Number(generation) }];
  store.skips = rest[0] !== "skips" ? [] : (rest[1] ?? "").split("+").map((one) => skipBy("ada", one, at));
}

function skipBy(by: string, hash: string, at: number): Skip {
  return { hash, by, at: new Date(at).toISOString(), reason: "bad" };
}

/** `b me>h2|h3 admitting`: `me` is let in, `h2` by the next step, `h3` by the one after it. */
function rolloutOf(store: FleetStore, [hash = "", order = "", phase = ""]: readonly string[], at: number): Rollout {
  const steps = order.split(/[|>]/).filter((one) => one !== "").map((one) => one.split(","));
  const counts = steps.map((_, index) => steps.slice(0, index + 1).flat().length);
  const step = order.split(">")[0]!.split("|").length - 1;
  const { bakeSeconds, deadlineSeconds, onFailure } = POLICY;
  return {
    hash,
    base: store.heads.at(-1)?.hash ?? "a",
    baseGeneration: store.heads.at(-1)?.generation,
    by: "h2",
    author: null,
    reason: null,
    at: new Date(at).toISOString(),
    order: steps.flat().map((name) => rankId(hash, name)),
    counts,
    step,
    phase: phase as Rollout["phase"],
    bakeSeconds,
    deadlineSeconds,
    onFailure,
    why: null,
    earlier: [
      ...store.rollout?.earlier ?? [],
      ...store.rollout === null ? [] : [store.rollout.base, store.rollout.hash],
    ]
      .filter((one, index, all) => one !== hash && one !== store.heads.at(-1)?.hash && all.indexOf(one) === index),
  };
}

/** The rollout in the form of {@linkcode changeStore}, with why it is at its phase. */
export function textOf({ hash, order, counts, step, phase, why }: Rollout): string {
  const names = order.map((id) => NAMES.find((name) => rankId(hash, name) === id) ?? "?");
  const steps = counts.map((count, index) => names.slice(counts[index - 1] ?? 0, count).join(","));
  const inside = steps.slice(0, step + 1).join("|");
  return `${hash} ${inside}>${steps.slice(step + 1).join("|")} ${phase}${why === null ? "" : ` (${why})`}`;
}

/** The answer to a reader. */
export function viewOf({ heads, skips, rollout, movedAt, isApproved }: FleetStore, at: number): StoreView {
  const mark = rollout === null ? null : markOf(rolloutText(rollout));
  const stored = rollout === null ? null : { rollout, mark: mark!, ageMilliseconds: at - movedAt };
  return { head: heads.at(-1) ?? null, skips, stored, mark, isApproved };
}

/** Makes a move as a store does. */
export function makeMove(store: FleetStore, move: RolloutMove, at: number): MoveOutcome {
  const { heads, skips } = store;
  const verdict = judgeMove(heads, viewOf(store, at).mark, skips, move);
  if (verdict.kind !== "write") return { kind: verdict.kind, view: viewOf(store, at) };
  Object.assign(store, { rollout: move.to, movedAt: at, skips: verdict.skips });
  return { kind: "moved", view: viewOf(store, at) };
}

/** Announces as a store does. */
export function makeHead(store: FleetStore, announcement: Announcement): AnnounceAnswer {
  const head = store.heads.at(-1) ?? null;
  const verdict = judgeAnnouncement(store.heads, store.skips, announcement);
  switch (verdict.kind) {
    case "write": {
      const written = { generation: verdict.generation, hash: announcement.hash };
      store.heads = [...store.heads, written];
      store.skips = verdict.skips;
      return { kind: "accepted", head: written, delivered: 2 };
    }
    case "lost":
      return { kind: "lost", head };
    case "same":
      store.skips = verdict.skips;
      return { kind: "same", head: head! };
    default:
      return { kind: "refused", head: head! };
  }
}
