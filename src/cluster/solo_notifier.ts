// A cluster of one instance, in memory. It follows the same rules as the real one, so that a single instance gives the
// same answers as one among many. It reaches no other instance, and no call fails before it is closed.
import { announcementText, type Message, parseMessage } from "./announcement.ts";
import { type AnnounceAnswer, type Announcement, judgeAnnouncement } from "../agreement/announcing.ts";
import type { Head } from "../agreement/head.ts";
import { judgeMove, textToStore } from "../agreement/moving.ts";
import { markOf, type MoveAnswer, type Rollout, type RolloutMove } from "../agreement/rollout.ts";
import type { Link, Listener, Notifier, StoredHead } from "./notifier.ts";
import type { PeerRecord } from "./peer_record.ts";
import { approvalLine, MAX_APPROVALS } from "./stored_approvals.ts";
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
/** The hashes whose approvals are kept. */
const MAX_APPROVED = 16;
const CLOSED = "The notifier is closed";

/** Makes the notifier. It never calls the listener from within a call, as if messages came over a network. */
export function soloNotifier({ incarnation: id, now = () => performance.now() }: SoloOptions): Notifier {
  let listener: Listener | null = null;
  let link: Link = { state: "connecting" };
  let closed = false;

  const later = (call: (to: Listener) => void) =>
    queueMicrotask(() => {
      if (!closed && listener !== null) call(listener);
    });
  const publish = (text: string) => {
    const message: Message = parseMessage(text, id);
    later((to) => to.heard(message.kind === "look-again" ? { ...message, own: true } : message));
  };
  const { announce, head, moveRollout } = headInMemory(id, now, publish);
  return {
    watch(to) {
      if (listener !== null || closed) throw new Error("a notifier is watched once, before it is closed");
      listener = to;
      link = { state: "up" };
      later((to) => to.linked({ state: "up" }));
    },
    link: () => link,
    announce: (request) => Promise.resolve(closed ? { kind: "failed", reason: CLOSED } : announce(request)),
    head: () => Promise.resolve(closed ? { ok: false, reason: CLOSED } : { ok: true, head: head() }),
    moveRollout: (move) => Promise.resolve(closed ? { kind: "failed", reason: CLOSED } : moveRollout(move)),
    lookAgain(path) {
      if (closed) return Promise.resolve({ ok: false, reason: CLOSED });
      publish(path);
      return Promise.resolve({ ok: true, delivered: 0 });
    },
    ...sourcesInMemory(() => closed),
    ...approvalsInMemory(() => closed),
    ...presenceInMemory(() => closed),
    [Symbol.asyncDispose]() {
      closed = true;
      link = { state: "down", reason: CLOSED, final: true };
      return Promise.resolve();
    },
  };
}

/** The head and the rollout beside it. */
interface HeadInMemory {
  announce(request: Announcement): AnnounceAnswer<StoredHead>;
  head(): StoredHead | null;
  moveRollout(move: RolloutMove): MoveAnswer<StoredHead>;
}

function headInMemory(id: string, now: () => number, publish: (text: string) => void): HeadInMemory {
  let head: Pick<StoredHead, "generation" | "hash" | "by" | "skips"> & { readonly at: number } | null = null;
  let rollout: { readonly rollout: Rollout; readonly mark: string; readonly at: number } | null = null;
  const heads: Head[] = [];

  const ageOf = (at: number) => Math.max(0, Math.round(now() - at));
  const currentRollout = () =>
    rollout && { rollout: rollout.rollout, mark: rollout.mark, ageMilliseconds: ageOf(rollout.at) };
  const currentHead = (): StoredHead | null => {
    if (head === null) return null;
    const { at, ...kept } = head;
    const rolloutMark = rollout?.mark ?? null;
    return { ...kept, ageMilliseconds: ageOf(at), rollout: currentRollout(), rolloutMark };
  };
  return {
    announce(request) {
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
    },
    head: currentHead,
    moveRollout(move) {
      const { text, rollout: to } = textToStore(move.to);
      const verdict = judgeMove(heads, rollout?.mark ?? null, head?.skips ?? [], move);
      if (verdict.kind === "refused") return { kind: "refused", head: currentHead(), rollout: currentRollout() };
      if (verdict.kind === "late") return { kind: "late", head: currentHead()!, rollout: currentRollout() };
      head = { ...head!, skips: verdict.skips };
      rollout = { rollout: to, mark: markOf(text), at: now() };
      publish(announcementText(head.generation, head.hash, id));
      return { kind: "moved", head: currentHead()!, rollout: currentRollout()! };
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

function approvalsInMemory(isClosed: () => boolean): Pick<Notifier, "putApproval" | "approvals"> {
  const approvals = new Map<string, readonly string[]>();
  return {
    putApproval(hash, signature) {
      if (isClosed()) return Promise.resolve({ ok: false, reason: CLOSED });
      const line = approvalLine(signature);
      if (!line.ok) return Promise.resolve(line);
      const others = (approvals.get(hash) ?? []).filter((one) => one !== signature);
      approvals.delete(hash);
      approvals.set(hash, [...others, signature].slice(-MAX_APPROVALS));
      if (approvals.size > MAX_APPROVED) approvals.delete(approvals.keys().next().value!);
      return Promise.resolve({ ok: true });
    },
    approvals(hash) {
      if (isClosed()) return Promise.resolve({ ok: false, reason: CLOSED });
      return Promise.resolve({ ok: true, signatures: approvals.get(hash) ?? [] });
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
      const peers = written === null ? [] : [{ ...written, self: true }];
      return Promise.resolve({ ok: true, peers });
    },
  };
}
