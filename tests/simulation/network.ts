// The way to Redis: requests that are lost before or after they took effect, messages that are dropped, doubled and
// overtake each other, links that are cut. A host gets no information that it could not have.
import { assert } from "@std/assert";
import type { ClusterEvent } from "../../src/agreement/agree.ts";
import type { AnnounceAnswer } from "../../src/agreement/announcing.ts";
import type { Announcement } from "../../src/agreement/announcing.ts";
import { MAX_GENERATION } from "../../src/agreement/head.ts";
import type { StoredRollout } from "../../src/agreement/rollout.ts";
import { skipsText } from "../../src/agreement/skip.ts";
import { parseAnnounceReply, parseHeadReply } from "../../src/cluster/redis/redis_scripts.ts";
import { needsText } from "../../src/daemon/store_sources.ts";
import type { StoreView } from "../../src/rollout/staging.ts";
import { lieOfAnnouncement, lieOfHead } from "./liar.ts";
import { announceTo, type StoredHead, viewOf } from "./redis_model.ts";
import { noteState } from "./rollout_claims.ts";
import { chance, type Host, jitter, REQUEST_TIMEOUT_MILLISECONDS, shortOf, type World } from "./world.ts";

/** The receivers of the network's events. */
export type Tell = (host: Host, event: ClusterEvent) => void;

/** A delay of one way, in milliseconds. */
function delay(world: World): number {
  const { random, faulty } = world;
  if (!faulty) return 1 + random.below(5);
  return random.pick([1 + random.below(5), 1 + random.below(100), random.below(900)]);
}

function isReachable(world: World, host: Host): boolean {
  return world.redisUp && !host.cut;
}

function isLost(world: World, host: Host): boolean {
  return !isReachable(world, host) || (world.faulty && chance(world, world.setting.loss));
}

/** Sends a request; `serve` is the work of Redis, and `answer` gets its answer, or null if none came in time. */
export function request<T>(world: World, host: Host, serve: () => T, answer: (answer: T | null) => void): void {
  const sent = world.time.now();
  const giveUp = () => {
    const waited = world.time.now() - sent;
    world.time.after(REQUEST_TIMEOUT_MILLISECONDS - waited, () => answer(null));
  };
  world.time.after(delay(world), () => {
    if (isLost(world, host)) return giveUp();
    const reported = serve();
    if (isLost(world, host)) return giveUp();
    world.time.after(delay(world), () => answer(reported));
  });
}

/** Reads the head. */
export function askHead(world: World, host: Host, tell: (event: ClusterEvent) => void): void {
  const { life } = host;
  const known = life?.stored ?? null;
  const serve = () => ({ reply: headReply(world, known), view: trueView(world) });
  request(world, host, serve, (served) => {
    const answer = parseHeadReply(served?.reply ?? null, known);
    if (served === null || (answer?.kind !== "head" && answer?.kind !== "none")) {
      return tell({ kind: "head-unreadable", reason: "timeout", random: jitter(world) });
    }
    const { head } = answer;
    const { skips = [], rollout = null, rolloutMark = null } = head ?? {};
    if (life !== null) {
      if (!isReplaced(life.replaced, served.view)) life.known = later(life.known, served.view);
      life.replaced = null;
      life.stored = rollout;
    }
    const told = head && { generation: head.generation, hash: head.hash };
    const isApproved = rollout !== null && world.approved.has(rollout.rollout.hash);
    tell({ kind: "head-read", head: told, skips, rollout, rolloutMark, isApproved, random: jitter(world) });
  });
}

/** Whether it is the state that a move of the reader replaced. */
function isReplaced(replaced: StoreView | null, view: StoreView | "lies"): boolean {
  if (replaced === null || view === "lies") return false;
  return replaced.mark !== null && view.mark === replaced.mark && view.head?.generation === replaced.head?.generation;
}

/** The answer to a reading of the head by a host that knows a rollout. */
export function headReply(world: World, known: StoredRollout | null): unknown {
  return world.lying ? lieOfHead(world) : replyOf(world, "head", world.redis.head, known);
}

/** The state in the current answers, if they are true. */
export function trueView(world: World): StoreView | "lies" {
  return world.lying ? "lies" : viewOf(world.redis, world.time.now());
}

/** Reads the content of a release; null: there is none, or no answer. */
export function askSource(world: World, host: Host, hash: string, tell: (content: string | null) => void): void {
  const serve = (): string | null => world.lying ? null : world.redis.sources.get(hash) ?? null;
  request<string | null>(world, host, serve, tell);
}

/** Announces. `accepted` is called at the moment in which Redis takes it. */
export function askAnnouncement(
  world: World,
  host: Host,
  announcement: Announcement,
  accepted: () => void,
  tell: (event: ClusterEvent) => void,
  tellOther: Tell,
): void {
  const serve = (): unknown => {
    if (world.lying) return lieOfAnnouncement(world, announcement);
    const before = world.redis.head?.generation ?? 0;
    const { kind, head } = announceTo(world.redis, announcement, host.name);
    const content = host.disk.texts.get(announcement.hash);
    const isNeeded = needsText(announcement) || (head !== null && head.skips.length > 0);
    if (content !== undefined && (isNeeded || world.setting.rollouts !== null)) {
      world.redis.sources.set(announcement.hash, content);
    }
    const { hash, base, unanswered, floor } = announcement;
    world.trace(
      `redis: ${host.name} ${shortOf(hash)} on ${
        [base, ...unanswered].map(shortOf).join("+")
      } floor ${floor}: ${kind}, ${text(head)}`,
    );
    if (kind === "accepted") {
      const isNext = head!.generation > before || head!.generation === MAX_GENERATION;
      assert(isNext, "a generation never goes back but by a loss, and stays at the last one");
      accepted();
      const force = announcement.force || announcement.undoes.includes(announcement.hash);
      noteState(world, { kind: "announced", force, isLost: before < announcement.floor });
      publish(world, tellOther);
    }
    view = trueView(world);
    return replyOf(world, kind, head);
  };
  let view: StoreView | "lies" = "lies";
  const { life } = host;
  request(world, host, serve, (reply) => {
    const failed: AnnounceAnswer = { kind: "failed", reason: "timeout" };
    // It says nothing of the rollout.
    if (reply !== null && life !== null) life.known = view === "lies" ? view : withHead(life.known, view);
    const answer = parseAnnounceReply(reply, announcement) ?? failed;
    tell({ kind: "announcement-answered", answer, random: jitter(world) });
  });
}

/** The later of two answers, which can overtake one another; an earlier one counts for nothing. */
export function later(known: StoreView | "nothing" | "lies", view: StoreView | "lies"): StoreView | "lies" {
  if (typeof known === "string" || view === "lies" || view.head === null) return view;
  return (known.head?.generation ?? 0) > view.head.generation ? known : view;
}

function withHead(known: StoreView | "nothing" | "lies", { head }: StoreView): StoreView | "nothing" | "lies" {
  return typeof known === "string" ? known : { ...known, head };
}

/** The answer of the scripts. */
export function replyOf(
  world: World,
  kind: string,
  head: StoredHead | null,
  known: StoredRollout | null = null,
): unknown {
  if (head === null) return kind === "lost" || kind === "refused" ? [kind] : [];
  const { generation, hash, by, skips, rollout } = head;
  const fields = [`${generation}`, hash, "00000000000" + by.slice(-1), "0", 0, skipsText(skips)];
  if (rollout === null) return [kind, ...fields, "", "", ""];
  const { mark, at, text } = rollout;
  return [kind, ...fields, mark, `${world.time.now() - at}`, mark === known?.mark ? "" : text];
}

/** Tells all that listen. */
export function publish(world: World, tell: Tell): void {
  for (const host of world.hosts) {
    if (!isReachable(world, host) || host.life?.linked !== true) continue;
    const copies = !world.faulty ? 1 : chance(world, world.setting.loss) ? 0 : chance(world, 100) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) world.time.after(delay(world), () => tell(host, { kind: "heard" }));
  }
}

/** The link of a host changed: it finds out in its own time, and not at all if that was undone before. */
export function changeLink(world: World, host: Host, tell: Tell): void {
  const change = ++host.linkChanges;
  const reachable = isReachable(world, host);
  world.time.after(1 + world.random.below(world.faulty ? 3_000 : 500), () => {
    if (change !== host.linkChanges) return;
    tell(host, reachable ? { kind: "linked", random: jitter(world) } : { kind: "unlinked" });
  });
}

/** A head for a transcript. */
export function text(head: { generation: number; hash: string } | null): string {
  return head === null ? "no head" : `head ${shortOf(head.hash)}@${head.generation}`;
}
