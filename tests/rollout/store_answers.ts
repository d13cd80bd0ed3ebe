// The exchange between the host of a transcript and its store: requests wait here, and are answered in their order.
import type { Action, Event } from "../../src/reload/events.ts";
import { runningRelease } from "../../src/releases/release.ts";
import type { FleetMember, RolloutReport } from "../../src/rollout/rollouts.ts";
import type { Host } from "../releases/releases_transcript.ts";
import { makeHead, makeMove, textOf, viewOf } from "./fleet_store.ts";

/** The actions that a store answers. */
export type StoreRequest = Extract<
  Action<string>,
  { readonly kind: "read-head" | "announce" | "read-fleet" | "move-rollout" }
>;

/** Whether a store answers the action. */
export function isStoreRequest(action: Action<string>): action is StoreRequest {
  return action.kind === "read-head" || action.kind === "announce" || action.kind === "read-fleet" ||
    action.kind === "move-rollout";
}

/** Returns the events that answer the earliest request. */
export function answersOf(host: Host): Event<string>[] {
  const request = host.requests.shift();
  const { store, at } = host;
  if (request === undefined || store === null) return [];
  const isAway = store.answers === "failed";
  const common = { random: 0, at };
  const reason = "timeout";
  switch (request.kind) {
    case "read-head": {
      if (isAway) return [{ kind: "head-unreadable", reason, ...common }];
      const { head, skips, stored, mark, isApproved = false } = viewOf(store, at);
      return [{ kind: "head-read", head, skips, rollout: stored, rolloutMark: mark, isApproved, ...common }];
    }
    case "announce": {
      const answer = isAway ? { kind: "failed", reason } as const : makeHead(store, request.announcement);
      return [{ kind: "announcement-answered", answer, ...common }];
    }
    case "read-fleet": {
      if (isAway) return [{ kind: "fleet-answered", answer: { ok: false, reason }, ...common }];
      const { gathersMilliseconds } = store;
      const fleet = [...store.hasOwn ? [ownRecord(host)] : [], ...store.peers];
      return [{
        kind: "fleet-answered",
        answer: { ok: true, fleet, gathersMilliseconds, view: viewOf(store, at) },
        ...common,
      }];
    }
    case "move-rollout": {
      if (isAway) return [{ kind: "move-answered", answer: { kind: "failed", reason }, ...common }];
      if (isTextGone(host, request)) return [{ kind: "move-answered", answer: { kind: "gone" }, ...common }];
      // After an answer the daemon reads the head, as after a message.
      return [{ kind: "move-answered", answer: makeMove(store, request.move, at), ...common }, { kind: "heard" }];
    }
  }
}

/** Whether neither the host's file, nor the history, nor the store has the text of a proposal. */
function isTextGone({ texts, file }: Host, { move, isProposal }: Extract<StoreRequest, { kind: "move-rollout" }>) {
  return isProposal && texts.get(move.to.hash) === "lost" && file !== move.to.hash;
}

function ownRecord({ state, store }: Host): FleetMember {
  const { active, releases: { kept } } = state;
  const running = runningRelease(kept);
  return {
    instance: "me",
    hash: active?.hash ?? null,
    state: running?.hash === active?.hash ? running?.state ?? null : null,
    stages: true,
    canary: store?.isCanary === true,
  };
}

/** A request to the store; the head is read so often that it is not shown. */
export function requestText(action: StoreRequest): string {
  if (action.kind === "move-rollout") {
    const { to, skips, since } = action.move;
    const taken = skips.length === 0 ? "" : ` skips ${skips.map(({ hash }) => hash).join("+")}`;
    return `${action.isProposal ? "propose" : "move"} ${textOf(to)}${taken}${since === null ? "" : ` since ${since}`}`;
  }
  return action.kind === "read-fleet" ? action.kind : "";
}

export function rolloutReportText(report: RolloutReport): string {
  switch (report.kind) {
    case "rollout-proposed":
      return "";
    case "rollout-moved":
      return `sees ${textOf(report.rollout)}`;
    case "rollout-done":
      return `done ${report.rollout.hash}`;
    case "rollout-refused":
      return `cannot propose ${report.hash}`;
  }
}
