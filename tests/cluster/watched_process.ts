// A process among the others, as the contract of a notifier needs it: its notifier, and all its reports.
import { assert } from "@std/assert";
import type { Message } from "../../src/cluster/announcement.ts";
import type { Link, Notifier } from "../../src/cluster/notifier.ts";
import type { StoredHead } from "../../src/cluster/notifier.ts";
import type { AnnounceAnswer } from "../../src/agreement/announcing.ts";
import type { Peer, PeerRecord } from "../../src/cluster/peer_record.ts";
import { eventually } from "../support/eventually.ts";
import { incarnationOf } from "../support/incarnation.ts";

export const EDGE_1 = "edge-1";
export const EDGE_2 = "edge-2";
export const A = "a".repeat(64);
export const B = "b".repeat(64);
export const C = "c".repeat(64);
export const PATH = "/etc/honua/config.hcl";

/** A notifier that is up, and all its reports. */
export interface Watched extends AsyncDisposable {
  readonly notifier: Notifier;
  readonly heard: Message[];
  readonly links: Link[];
}

export async function watched(notifier: Notifier): Promise<Watched> {
  const heard: Message[] = [];
  const links: Link[] = [];
  notifier.watch({ heard: (message) => heard.push(message), linked: (link) => links.push(link) });
  await eventually("the link to be up", () => notifier.link().state === "up");
  return { notifier, heard, links, [Symbol.asyncDispose]: () => notifier[Symbol.asyncDispose]() };
}

/** Sends a path and waits for it: earlier messages have arrived by then. */
export async function fence(one: Watched): Promise<void> {
  assert((await one.notifier.lookAgain(PATH)).ok);
  await eventually("the path", () => one.heard.some(({ kind }) => kind === "look-again"));
}

/** The generations that were heard of. */
export function announcements(one: Watched): number[] {
  return one.heard.flatMap((message) => message.kind === "announcement" ? [message.generation] : []);
}

export function accepted(answer: AnnounceAnswer<StoredHead>): StoredHead {
  if (answer.kind !== "accepted") throw new Error(`not accepted: ${JSON.stringify(answer)}`);
  return answer.head;
}

export async function headOf(notifier: Notifier): Promise<StoredHead> {
  const answer = await notifier.head();
  if (!answer.ok || answer.head === null) throw new Error(`no head: ${JSON.stringify(answer)}`);
  return answer.head;
}

export async function headTriple(notifier: Notifier): Promise<readonly [number, string, string]> {
  const { generation, hash, by } = await headOf(notifier);
  return [generation, hash, by];
}

export const REJECTING: Partial<PeerRecord> = {
  standing: "diverged",
  rejected: { hash: B, generation: 2, why: "layer.roads.table is missing", at: "2026-01-02T03:04:06.000Z" },
};

export function record(instance: string, more: Partial<PeerRecord> = {}): PeerRecord {
  return {
    instance,
    incarnation: incarnationOf(instance),
    version: "1.0.0",
    hash: null,
    generation: null,
    standing: "unknown",
    rejected: null,
    at: "2026-01-02T03:04:05.000Z",
    ...more,
  };
}

export async function peersOf({ notifier }: Watched): Promise<readonly Peer[]> {
  const seen = await notifier.peers();
  assert(seen.ok);
  return seen.peers;
}
