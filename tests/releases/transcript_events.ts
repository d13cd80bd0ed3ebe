// The events of the lines of a transcript of releases: orders of persons, answers of hooks and health checks, and news
// of the cluster.
import type { AnnounceAnswer } from "../../src/agreement/announcing.ts";
import type { Skip } from "../../src/agreement/skip.ts";
import type { Event } from "../../src/reload/events.ts";
import type { HintReason } from "../../src/reload/state.ts";
import { type Order, refusalOf } from "../../src/releases/decide_releases.ts";
import { type Target, targetOf } from "../../src/releases/rolling_back.ts";
import { unnamedTarget } from "../../src/reload/unnamed_rollback.ts";
import { skipOf } from "../support/announcement_of.ts";
import { rolloutEventOf } from "../rollout/rollout_events.ts";
import type { Host } from "./releases_transcript.ts";

const MINUTE = 60_000;

/** `b*`: made later than `b`. */
function skipIn(text: string): Skip {
  const skip = skipOf(text.replace("*", ""));
  return text.endsWith("*") ? { ...skip, at: "2026-02-03T04:05:06.789Z" } : skip;
}

/** Returns why the order in a line is refused; null: it is not, or the line is no order. */
export function judgedOrder(host: Host, line: string): string | null {
  const { releases } = host.state;
  if (line.startsWith("roll-back")) {
    const target = rollbackTarget(host, line);
    return target.ok ? null : target.reason;
  }
  const order = orderOf(host, line);
  return order === null ? null : refusalOf(releases, order, host.at);
}

/**
 * `hint REASON` · `reload [force] [confirm MINUTES]` · `roll-back [NUMBER] [here] [force]` · `hold MINUTES` · `release-hold` ·
 * `confirm` · `hooks ok|failed` · `health ok|bad` · `linked` · `unlinked` · `heard` · `head HEAD [skips HASH+HASH]` ·
 * `accepted|same|refused HEAD` · `lost` · `failed` · `settle-due` · `reconcile-due`.
 */
export function eventsOf(host: Host, line: string): Event<string>[] {
  const [verb = "", what = ""] = line.split(" ");
  const { at } = host;
  const order = orderOf(host, line);
  if (order !== null) return [{ kind: "ordered", order, at }];
  switch (verb) {
    case "hint":
      return [{ kind: "hint", reason: what as HintReason }];
    case "reload": {
      const reason = line.includes(" force") ? "force" : "admin";
      const minutes = /confirm (\d+)/.exec(line)?.[1];
      const confirmMilliseconds = minutes === undefined ? null : Number(minutes) * MINUTE;
      const terms = { author: "ada", reason: null, confirmMilliseconds };
      return [{ kind: "ordered", order: { kind: "terms", terms }, at }, { kind: "hint", reason }];
    }
    case "hooks":
      return [{ kind: "hooks-settled", ok: what === "ok", at }];
    case "health":
      return [{ kind: "health-checked", result: what === "ok" ? { ok: true } : { ok: false, reason: "500" }, at }];
  }
  return [rolloutEventOf(host, line) ?? clusterEventOf(line)];
}

function orderOf({ state, at }: Host, line: string): Order | null {
  const [verb = "", what = ""] = line.split(" ");
  switch (verb) {
    case "roll-back": {
      const scope = line.includes("here") ? "host" : "fleet";
      const target = rollbackTarget({ state }, line);
      if (!target.ok) return null;
      const isForced = line.includes("force");
      const common = { cause: "rollback", author: "ada", reason: "bad", isForced } as const;
      return { kind: "roll-back", rollback: { ...common, to: target.release.hash, scope } };
    }
    case "hold":
      return { kind: "hold", hold: { until: at + Number(what) * MINUTE, since: at, author: "ada", reason: "busy" } };
    case "release-hold":
    case "confirm":
      return { kind: verb, author: "ada" };
  }
  return null;
}

function rollbackTarget({ state }: Pick<Host, "state">, line: string): Target {
  const number = numberIn(line);
  const isLocal = line.includes("here");
  if (number === null && !isLocal) return unnamedTarget(state);
  const options = {
    isForFleet: state.agreement !== null && !isLocal,
    isForced: line.includes("force"),
    isLost: state.active === null,
  };
  return targetOf(state.releases.kept, number, options);
}

function numberIn(line: string): number | null {
  const number = /\d+/.exec(line)?.[0];
  return number === undefined ? null : Number(number);
}

function clusterEventOf(line: string): Event<string> {
  const [verb = "", what = "", , skipped = ""] = line.split(" ");
  const [hash = "", generation] = what.split("@");
  const head = { hash, generation: Number(generation) };
  const random = 0;
  const answered = (answer: AnnounceAnswer): Event<string> => ({ kind: "announcement-answered", answer, random });
  switch (verb) {
    case "linked":
    case "reconcile-due":
      return { kind: verb, random };
    case "unlinked":
    case "heard":
    case "settle-due":
      return { kind: verb };
    case "head": {
      const skips = skipped === "" ? [] : skipped.split("+").map(skipIn);
      return { kind: "head-read", head: what === "none" ? null : head, skips };
    }
    case "accepted":
      return answered({ kind: verb, head, delivered: 2 });
    case "same":
    case "refused":
      return answered({ kind: verb, head });
    case "lost":
      return answered({ kind: verb, head: null });
    case "failed":
      return answered({ kind: verb, reason: "timeout" });
  }
  throw new Error(`no such event: ${line}`);
}
