// Publishes to the store without a daemon, from a laptop or a CI job: it reads the peers and the head, puts the text
// and proposes it by the same rules as a daemon. It writes no record, so it is no peer and takes part in no rollout.
import { setTimeout as delay } from "node:timers/promises";
import type { RolloutAnswer } from "../admin/daemon_api.ts";
import { newIncarnation } from "../cluster/announcement.ts";
import { isolationOf } from "../cluster/isolation.ts";
import type { Notifier } from "../cluster/notifier.ts";
import { describeConnection, resolveConnection } from "../cluster/redis/redis_connection.ts";
import { credentialPath } from "../host/credential.ts";
import type { Options } from "../options/options.ts";
import { keyRingFile } from "../releases/key_ring.ts";
import type { TextFormat } from "../releases/release.ts";
import { AT_ONCE } from "../rollout/decide_rollout.ts";
import { proposalOf } from "../rollout/moves.ts";
import { fleetObjection, publishObjection } from "../rollout/publishing.ts";
import { gatherMillisecondsOf } from "./joining.ts";
import { gatherLeft, memberOf, readRollout, viewOf } from "./rollout_access.ts";
import { policyOf } from "./rollout_policy.ts";
import { putText } from "./store_sources.ts";

/** A compiled source with the person's details. */
export interface StorePublication {
  readonly hash: string;
  readonly format: TextFormat;
  readonly bytes: Uint8Array;
  readonly author: string | null;
  readonly reason: string;
}

/** How it ended; all texts are for people. */
export type StorePublished =
  | { readonly kind: "published"; readonly status: "unchanged" | "proposed" }
  | { readonly kind: "refused" | "failed"; readonly reason: string };

/** A connection to the store of a fleet. */
export interface StorePublisher extends AsyncDisposable {
  publish(publication: StorePublication): Promise<StorePublished>;
  /** The fleet's rollout, as a daemon answers it. */
  rollout(): Promise<RolloutAnswer>;
}

/** The publisher, or why there is none. */
export type OpenedPublisher =
  | { readonly ok: true; readonly publisher: StorePublisher }
  | { readonly ok: false; readonly message: string; readonly isOption: boolean };

/** How often a move is decided again after another host was quicker. */
const ATTEMPTS = 5;
const LOOK_MILLISECONDS = 20;

/** Connects to the store that the options name. `name` is that of the publisher, for people. */
export async function openStorePublisher(
  options: Options,
  environment: Readonly<Record<string, string>>,
  name: string,
): Promise<OpenedPublisher> {
  const isolation = isolationOf(options);
  if (isolation !== null) return { ok: false, message: isolation, isOption: true };
  const reached = await resolveConnection(options, environment);
  if (!reached.ok) return reached;
  const { connection } = reached;
  const { configurationChannel: channel, connectionTimeoutMs } = options.highAvailability;
  // Loaded only now, as a daemon does.
  const { openRedisNotifier } = await import("../cluster/redis/redis_notifier.ts");
  const incarnation = newIncarnation();
  const notifier = openRedisNotifier({ instance: name, incarnation, connection, channel, autoReconnect: true });
  notifier.watch({ heard: () => {}, linked: () => {} });
  const until = performance.now() + 2 * connectionTimeoutMs;
  let link = notifier.link();
  while (link.state !== "up" && !(link.state === "down" && link.final) && performance.now() < until) {
    await delay(LOOK_MILLISECONDS);
    link = notifier.link();
  }
  if (link.state === "up") return { ok: true, publisher: publisherOf(notifier, { options, environment, name }) };
  await notifier[Symbol.asyncDispose]();
  const why = link.state === "down" ? link.reason : "it does not answer";
  return {
    ok: false,
    message: `Redis at ${describeConnection(connection)} cannot be reached: ${why}`,
    isOption: false,
  };
}

interface Publishing {
  readonly options: Options;
  readonly environment: Readonly<Record<string, string>>;
  readonly name: string;
}

function publisherOf(notifier: Notifier, publishing: Publishing): StorePublisher {
  return {
    publish: (publication) => publish(notifier, publishing, publication),
    async rollout() {
      const peers = await notifier.peers();
      return peers.ok ? await readRollout(peers, notifier) : peers;
    },
    [Symbol.asyncDispose]: () => notifier[Symbol.asyncDispose](),
  };
}

async function publish(
  notifier: Notifier,
  { options, environment, name }: Publishing,
  { hash, format, bytes, author, reason }: StorePublication,
): Promise<StorePublished> {
  const { store: { keyFile }, rollout, approvals } = options;
  const keyRing = keyFile === null ? null : keyRingFile(credentialPath(keyFile, environment));
  let isPut = false;
  let isGathered = false;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const peers = await notifier.peers();
    if (!peers.ok) return { kind: "failed", reason: peers.reason };
    const read = await notifier.head();
    if (!read.ok) return { kind: "failed", reason: read.reason };
    const fleet = peers.peers.map(memberOf);
    const view = viewOf(read.head);
    const { head } = view;
    if (head === null) return refused("Redis has no release yet: publish the first one by the daemon of a host");
    const objection = publishObjection(view, hash) ?? (head.hash === hash ? null : fleetObjection(fleet));
    if (objection !== null) return refused(objection);
    if (fleet.length === 0) return refused("No instance lives that could take it up");
    const gathers = gatherLeft(peers, gatherMillisecondsOf(options));
    if (gathers > 0 && !isGathered && head.hash !== hash) {
      // Living hosts may have no record yet, and the order would lack them.
      await delay(gathers);
      isGathered = true;
      continue;
    }
    if (!isPut) {
      const put = await putText(hash, {
        notifier,
        keyRing,
        textOf: () => Promise.resolve({ ok: true, format, bytes }),
      });
      if (!put.ok) return { kind: "failed", reason: put.reason };
      isPut = true;
    }
    if (head.hash === hash) return { kind: "published", status: "unchanged" };
    const to = proposalOf({
      hash,
      instance: name,
      isMember: false,
      policy: policyOf(rollout) ?? AT_ONCE,
      needsApproval: approvals.required > 0,
      fleet,
      base: head.hash,
      baseGeneration: head.generation,
      stored: view.stored,
      terms: { author, reason },
      at: Date.now(),
    });
    const answer = await notifier.moveRollout({ head, mark: view.mark, to, since: head.generation, skips: [] });
    if (answer.kind === "failed") return { kind: "failed", reason: answer.reason };
    if (answer.kind === "moved") return { kind: "published", status: "proposed" };
  }
  return refused("Other changes were proposed at the same moment: try it again");
}

function refused(reason: string): StorePublished {
  return { kind: "refused", reason };
}
