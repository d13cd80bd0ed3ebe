// A cluster of one instance, in memory. It follows the same rules as the real one, so that a single instance gives the
// same answers as one among many. It reaches no other instance, and no call fails before it is closed.
import { announcementText, type Message, parseMessage } from "./announcement.ts";
import { type AnnounceAnswer, type Announcement, judgeAnnouncement } from "../agreement/announcing.ts";
import type { Head } from "../agreement/head.ts";
import type { Link, Listener, Notifier, StoredHead } from "./notifier.ts";
import type { PeerRecord } from "./peer_record.ts";
import { refusalOf, type StoredSource } from "./stored_source.ts";

export interface SoloOptions {
  /** Of this process, by `newIncarnation`. */
  readonly incarnation: string;
  /** Milliseconds of a clock that never goes back; default `performance.now`. */
  readonly now?: () => number;
}

/** As many as Redis keeps in the history. */
const MAX_HEADS = 1_000;
/** In memory; only the host itself could read them. */
const MAX_SOURCES = 2;
const CLOSED = "The notifier is closed";

/** Makes the notifier. It never calls the listener from within a call, as if messages came over a network. */
export function soloNotifier({ incarnation: id, now = () => performance.now() }: SoloOptions): Notifier {
  let listener: Listener | null = null;
  let link: Link = { state: "connecting" };
  let closed = false;
  let head: Omit<StoredHead, "ageMilliseconds"> & { readonly at: number } | null = null;
  const heads: Head[] = [];

  const later = (call: (to: Listener) => void) =>
    queueMicrotask(() => {
      if (!closed && listener !== null) call(listener);
    });
  const publish = (text: string) => {
    const message: Message = parseMessage(text, id);
    later((to) => to.heard(message.kind === "look-again" ? { ...message, own: true } : message));
  };
  const currentHead = (): StoredHead | null => {
    if (head === null) return null;
    const { at, ...kept } = head;
    return { ...kept, ageMilliseconds: Math.max(0, Math.round(now() - at)) };
  };
  const announce = (request: Announcement): AnnounceAnswer<StoredHead> => {
    if (closed) return { kind: "failed", reason: CLOSED };
    const before = currentHead();
    const verdict = judgeAnnouncement(heads, before?.skips ?? [], request);
    if (verdict.kind === "lost") return { kind: "lost", head: before };
    if (verdict.kind === "refused") return { kind: "refused", head: before! };
    const { skips } = verdict;
    if (verdict.kind === "same") {
      head = { ...head!, skips };
      return { kind: "same", head: currentHead()! };
    }
    head = { generation: verdict.generation, hash: request.hash, by: id, at: now(), skips };
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
      later((to) => to.linked({ state: "up" }));
    },
    link: () => link,
    announce: (request) => Promise.resolve(announce(request)),
    head: () => Promise.resolve(closed ? { ok: false, reason: CLOSED } : { ok: true, head: currentHead() }),
    lookAgain(path) {
      if (closed) return Promise.resolve({ ok: false, reason: CLOSED });
      publish(path);
      return Promise.resolve({ ok: true, delivered: 0 });
    },
    ...sourcesInMemory(() => closed),
    ...presenceInMemory(() => closed),
    [Symbol.asyncDispose]() {
      closed = true;
      link = { state: "down", reason: CLOSED, final: true };
      return Promise.resolve();
    },
  };
}

function sourcesInMemory(isClosed: () => boolean): Pick<Notifier, "putSource" | "source"> {
  const sources = new Map<string, StoredSource>();
  return {
    putSource(hash, source) {
      if (isClosed()) return Promise.resolve({ ok: false, reason: CLOSED });
      const refusal = refusalOf(source);
      if (refusal !== null) return Promise.resolve(refusal);
      sources.delete(hash);
      sources.set(hash, source);
      if (sources.size > MAX_SOURCES) sources.delete(sources.keys().next().value!);
      return Promise.resolve({ ok: true });
    },
    source(hash) {
      if (isClosed()) return Promise.resolve({ ok: false, reason: CLOSED });
      return Promise.resolve({ ok: true, source: sources.get(hash) ?? null });
    },
  };
}

function presenceInMemory(isClosed: () => boolean): Pick<Notifier, "writeRecord" | "peers"> {
  let written: PeerRecord | null = null;
  return {
    writeRecord(record) {
      if (isClosed()) return Promise.resolve({ ok: false, reason: CLOSED });
      written = record;
      return Promise.resolve({ ok: true, namesake: false });
    },
    peers() {
      if (isClosed()) return Promise.resolve({ ok: false, reason: CLOSED });
      return Promise.resolve({ ok: true, peers: written === null ? [] : [{ ...written, self: true }] });
    },
  };
}
