// A cluster of one, in memory: it answers by the same rules as the real one, so that whoever asks an instance alone is
// answered as by one among many. It reaches nobody and nothing fails.
import { announcementText, type Message, parseMessage } from "./announcement.ts";
import { type AnnounceAnswer, type Announcement, judgeAnnouncement } from "../agreement/announcing.ts";
import type { Head } from "../agreement/head.ts";
import type { Link, Listener, Notifier, StoredHead } from "./notifier.ts";
import type { PeerRecord } from "./peers.ts";

/** Who is alone. */
export interface SoloOptions {
  /** The process's, by `newIncarnation`. */
  readonly incarnation: string;
  /** Milliseconds of a clock that never goes back; default `performance.now`. */
  readonly now?: () => number;
}

/** As many as Redis remembers. */
const MAX_HEADS = 1_000;
const CLOSED = "The notifier is closed";

/** Opens one. The listener is never called from within a call, just as it is where messages come over a network. */
export function soloNotifier({ incarnation: id, now = () => performance.now() }: SoloOptions): Notifier {
  let listener: Listener | null = null;
  let link: Link = { state: "connecting" };
  let closed = false;
  let head: Omit<StoredHead, "ageMilliseconds"> & { readonly at: number } | null = null;
  const heads: Head[] = [];
  let told: PeerRecord | null = null;

  const later = (tell: (to: Listener) => void) =>
    queueMicrotask(() => {
      if (!closed && listener !== null) tell(listener);
    });
  const publish = (text: string) => {
    const message: Message = parseMessage(text, id);
    later((to) => to.heard(message.kind === "look-again" ? { ...message, own: true } : message));
  };
  const currentHead = (): StoredHead | null => {
    if (head === null) return null;
    const { generation, hash, by, at } = head;
    return { generation, hash, by, ageMilliseconds: Math.max(0, Math.round(now() - at)) };
  };
  const announce = (request: Announcement): AnnounceAnswer<StoredHead> => {
    if (closed) return { kind: "failed", reason: CLOSED };
    const before = currentHead();
    const verdict = judgeAnnouncement(heads, request);
    if (verdict.kind === "lost") return { kind: "lost", head: before };
    if (verdict.kind !== "write") return { kind: verdict.kind, head: before! };
    head = { generation: verdict.generation, hash: request.hash, by: id, at: now() };
    heads.push(head);
    if (heads.length > MAX_HEADS) heads.shift();
    publish(announcementText(head.generation, head.hash, id));
    return { kind: "accepted", head: currentHead()!, delivered: 0 };
  };

  return {
    watch(to) {
      if (listener !== null || closed) throw new Error("a notifier is watched once, before it is closed");
      listener = to;
      link = { state: "up" };
      later((told) => told.linked({ state: "up" }));
    },
    link: () => link,
    announce: (request) => Promise.resolve(announce(request)),
    head: () => Promise.resolve(closed ? { ok: false, reason: CLOSED } : { ok: true, head: currentHead() }),
    lookAgain(path) {
      if (closed) return Promise.resolve({ ok: false, reason: CLOSED });
      publish(path);
      return Promise.resolve({ ok: true, delivered: 0 });
    },
    tell(record) {
      if (closed) return Promise.resolve({ ok: false, reason: CLOSED });
      told = record;
      return Promise.resolve({ ok: true, namesake: false });
    },
    peers() {
      if (closed) return Promise.resolve({ ok: false, reason: CLOSED });
      return Promise.resolve({ ok: true, peers: told === null ? [] : [{ ...told, self: true }] });
    },
    [Symbol.asyncDispose]() {
      closed = true;
      link = { state: "down", reason: CLOSED, final: true };
      return Promise.resolve();
    },
  };
}
