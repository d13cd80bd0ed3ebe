// An instance's membership in its cluster: passes messages on to the loop, gives the loop its access to Redis, and
// writes the record of this instance for the others. In a flood of messages the head is read at most every 50 ms, and a
// look is asked for at most a few times a second.
import { setTimeout as delay } from "node:timers/promises";
import type { Rollout } from "../agreement/rollout.ts";
import type { Message } from "../cluster/announcement.ts";
import type { Notifier } from "../cluster/notifier.ts";
import type { PutSourceAnswer } from "../cluster/stored_source.ts";
import type { JournalMark } from "../cluster/journal_notes.ts";
import { MAX_FAILED_HOOKS, peerId, type PeerRecord, type PeerRelease } from "../cluster/peer_record.ts";
import { type HookStatus, unfinishedHooks } from "../hooks/hook_memory.ts";
import type { Logger } from "../telemetry/log.ts";
import type { AgreementLimits, Ledger } from "../agreement/agreement.ts";
import type { ClusterAccess, HeadReading } from "../reload/cluster_access.ts";
import { debounce } from "../source/debounce.ts";
import type { EventRecorder } from "./event_recorder.ts";
import { journalWitness } from "./journal_witness.ts";
import type { LoopAccess } from "./loop_holder.ts";
import { heldBackOf } from "./held_advice.ts";
import { agreedGeneration, syncStateOf } from "./sync_state.ts";
import { type ReleaseState, runningRelease } from "../releases/release.ts";
import type { KeyRingFile } from "../releases/key_ring.ts";
import type { TextRead } from "../releases/source_history.ts";
import type { StateKeeper } from "./state_file.ts";
import { rolloutAccess } from "./rollout_access.ts";
import { offerText, putText } from "./store_sources.ts";
import { renewApprovals, renewTexts } from "./text_renewal.ts";

/** Between the beginnings of two readings of the head. */
const HEAD_SPACING_MILLISECONDS = 50;

/** The quiet time after a message that makes all instances look; four times this is the longest wait in a flood. */
const LOOK_AGAIN_QUIET_MILLISECONDS = 100;

/** The parts of a membership. */
export interface MembershipSettings {
  readonly notifier: Notifier;
  /** The address of Redis, without user and password. */
  readonly connection: string;
  /** The instance's name. */
  readonly instance: string;
  readonly incarnation: string;
  /** Of honua-configd. */
  readonly version: string;
  readonly limits: AgreementLimits;
  /** The interval between two writings of an unchanged record, which lives three times as long. */
  readonly recordMilliseconds: number;
  /** How long there have to be records before each living instance has written its own. */
  readonly gatherMilliseconds: number;
  /** From the last process. */
  readonly ledger: Ledger;
  readonly keeper: StateKeeper;
  readonly log: Logger;
  /** Whether to log a change that another instance reports (`ConfigurationWatcher:LogChangeEvents`). */
  readonly logChangeEvents: boolean;
  readonly recorder: EventRecorder;
  /** Whether this host comes first in a rollout. */
  readonly isCanary: boolean;
  /** Whether hosts of this fleet take texts from the store although nothing is skipped, as the options say. */
  readonly isShared: boolean;
  /** Seals texts; null: none. */
  readonly keyRing: KeyRingFile | null;
  /** The text of a config that this host compiled: of a release, or of its source. */
  textOf(hash: string): Promise<TextRead>;
  /** Whether this host verified the approvals of a rollout that waits for them. */
  isApproved(rollout: Rollout | null): Promise<boolean>;
  /** Held before the membership joins. */
  readonly loop: LoopAccess;
  /** The status of each hook; asked only after the membership has joined. */
  readonly hooks: () => readonly HookStatus[];
  /** The newest line of this host's journal; absent: it keeps none, and notes nothing of others. */
  readonly journalTail?: (() => JournalMark | null) | undefined;
  /** Replaces secrets. */
  mask(text: string): string;
}

/** Membership in a cluster. Disposing of it leaves the cluster. */
export interface Membership extends AsyncDisposable {
  readonly access: ClusterAccess;
  /** Connects and listens from now on. */
  join(): void;
  /** Writes this instance's record if it changed. */
  updateRecord(): void;
}

/** Opens a membership; it does not connect before it joins. */
export function openMembership(settings: MembershipSettings): Membership {
  const { notifier, recorder, connection, log, loop } = settings;
  const closing = new AbortController();
  let path = "";
  // Logged with the look and not with the message: in a flood of messages one line for each would be too many.
  const lookAgain = debounce({ quietMilliseconds: LOOK_AGAIN_QUIET_MILLISECONDS }, () => {
    if (settings.logChangeEvents) log.information(`Configuration file changed: ${path}`, { saidBy: "Redis" });
    loop.hint("peer");
  });
  const writeRecord = recordWriter(settings, closing.signal);
  const renewal = setInterval(() => writeRecord(true), settings.recordMilliseconds);
  const release = renewTexts({ agreed: () => agreedHash(loop), put: (hash) => renewed(hash, settings), log });
  const heard = (message: Message) => {
    recorder.heard(message, loop.state().active?.hash ?? null);
    if (message.kind === "announcement" && !message.own) loop.link("heard");
    if (message.kind !== "look-again" || message.own) return;
    path = message.path;
    lookAgain.hint();
  };
  return {
    access: {
      ledger: settings.ledger,
      limits: settings.limits,
      readHead: headReader(settings, closing.signal),
      async announce(announcement) {
        await settings.keeper.kept();
        // A rollout in the store shows that others may have no file, or wait for their step.
        const isShared = settings.isShared || (loop.state().rollouts?.view?.stored ?? null) !== null;
        const isOffered = await offerText(announcement, { ...settings, isShared });
        const answer = await notifier.announce(announcement);
        const skips = answer.kind === "accepted" ? answer.head.skips : [];
        if (!isOffered) await offerText({ ...announcement, skips }, settings);
        return answer;
      },
      keep: (ledger) => settings.keeper.keep({ ledger }),
      ...rolloutAccess({
        notifier,
        keyRing: settings.keyRing,
        textOf: settings.textOf,
        gatherMilliseconds: settings.gatherMilliseconds,
        moved: () => loop.link("heard"),
      }),
    },
    join() {
      notifier.watch({
        heard,
        linked(link) {
          recorder.linked(link, connection);
          if (link.state !== "connecting") loop.link(link.state === "up" ? "linked" : "unlinked");
          if (link.state === "up") writeRecord(true);
        },
      });
    },
    updateRecord: () => writeRecord(false),
    async [Symbol.asyncDispose]() {
      closing.abort();
      clearInterval(renewal);
      release[Symbol.dispose]();
      lookAgain.close();
      await notifier[Symbol.asyncDispose]();
    },
  };
}

async function renewed(hash: string, settings: MembershipSettings): Promise<PutSourceAnswer> {
  const put = settings.isShared ? await putText(hash, settings) : { ok: true } as const;
  return put.ok ? await renewApprovals(settings.notifier, hash) : put;
}

/** The hash in force, if it is the head as it was read last; null: it is not. */
function agreedHash(loop: LoopAccess): string | null {
  const { active, agreement } = loop.state();
  return active !== null && agreement?.linked === true && agreement.head?.hash === active.hash ? active.hash : null;
}

/** Makes the function that reads the head; in a flood of messages it spares Redis by a pause between readings. */
function headReader({ notifier, recorder, loop, isApproved }: MembershipSettings, closing: AbortSignal) {
  let lastBegun = -Infinity;
  return async (): Promise<HeadReading> => {
    const wait = lastBegun + HEAD_SPACING_MILLISECONDS - performance.now();
    if (wait > 0) await delay(wait, undefined, { signal: closing }).catch(() => {});
    lastBegun = performance.now();
    const answer = await notifier.head();
    if (!answer.ok) return answer;
    const { head } = answer;
    if (head !== null && head.hash !== loop.state().active?.hash) recorder.headSeen(head.hash, head.ageMilliseconds);
    const { skips = [], rollout = null, rolloutMark = null } = head ?? {};
    return { ok: true, head, skips, rollout, rolloutMark, isApproved: await isApproved(rollout?.rollout ?? null) };
  };
}

/**
 * Makes the function that writes this instance's record: one write at a time, the latest last, and only if it changed.
 */
function recordWriter(settings: MembershipSettings, closing: AbortSignal): (renew: boolean) => void {
  const { notifier, log, instance, keeper, journalTail } = settings;
  const witness = journalTail === undefined ? null : journalWitness(notifier, instance, journalTail);
  let isKept = false;
  let lastText = "";
  let isWriting = false;
  let isNext = false;
  /** Whether the record is to be written even if it did not change. */
  let isDue = false;
  let isNamesakeLogged = false;
  let trouble: string | null = null;
  const write = async (record: PeerRecord, text: string) => {
    if (!isKept) {
      // Before the others see the record: if this process is killed, the next one removes it, or the two would be
      // namesakes.
      keeper.keep({ peer: peerId(record) });
      await keeper.kept();
      isKept = true;
    }
    const answer = await notifier.writeRecord(record);
    const reason = answer.ok ? null : answer.reason;
    if (reason !== null && reason !== trouble && notifier.link().state === "up") {
      log.warning(`The record for the other instances could not be written: ${reason}`);
    }
    trouble = reason;
    if (!answer.ok) return;
    lastText = text;
    if (answer.namesake && !isNamesakeLogged) {
      log.error("Another living process has the name of this instance: give one of them another", {
        instance,
        option: "HighAvailability:InstanceName",
      });
    }
    // Logged once in a process: two that write at different intervals do not find each other every time.
    isNamesakeLogged ||= answer.namesake;
  };
  const update = async () => {
    isWriting = true;
    let isRenewal = false;
    do {
      isNext = false;
      const record = { ...recordOf(settings), ...witness?.recordPart() };
      const text = JSON.stringify(record);
      const isNews = isDue || text !== lastText;
      isRenewal ||= isDue;
      isDue = false;
      if (isNews) await write({ ...record, at: new Date().toISOString() }, text);
    } while (isNext && !closing.aborted);
    isWriting = false;
    // The record comes first, and the notes are in the next one.
    if (isRenewal && !closing.aborted) await witness?.look();
  };
  return (renew) => {
    if (closing.aborted || notifier.link().state !== "up") return;
    isDue ||= renew;
    if (isWriting) isNext = true;
    else void update();
  };
}

/** Makes the record of this instance; its time `at` is set when it is written. */
export function recordOf(
  { instance, incarnation, version, isCanary, loop, recorder, hooks, mask }: Pick<
    MembershipSettings,
    "instance" | "incarnation" | "version" | "isCanary" | "loop" | "recorder" | "hooks" | "mask"
  >,
): PeerRecord {
  const { active, agreement, trouble, releases: { kept, held } } = loop.state();
  const release = runningRelease(kept);
  const hindrance = hindranceOf(loop.state());
  const { waiting, failed } = unfinishedHooks(hooks());
  const rejection = trouble?.kind === "rejected" ? recorder.rejection() : null;
  const head = agreement?.head ?? null;
  // A source that was rejected before another instance announced it gets the generation of that announcement.
  const generation = head !== null && head.hash === rejection?.hash ? head.generation : rejection?.generation ?? null;
  return {
    instance,
    incarnation,
    version,
    hash: active?.hash ?? null,
    generation: agreedGeneration(agreement),
    standing: syncStateOf(agreement),
    rejected: rejection && { ...rejection, generation, why: mask(rejection.why) },
    release: release && { number: release.number, state: peerStateOf(release.state) },
    heldBack: held && heldBackOf(held),
    ...hindrance !== null && { hindrance: mask(hindrance) },
    // A release is older than the process if that found it, and stays if only a secret of it changed.
    since: active && (kept.list.findLast((one) => one.hash === active.hash)?.at ?? recorder.activeSince()),
    hooks: { waiting, failed: failed.slice(0, MAX_FAILED_HOOKS) },
    stages: true,
    ...isCanary && { canary: true },
    at: "",
  };
}

/** Why this host takes up no other configuration now, which nothing else in its record says; null: nothing is known. */
function hindranceOf({ trouble, releases: { kept: { hold }, held } }: ReturnType<LoopAccess["state"]>): string | null {
  if (hold !== null) return `${hold.author} holds changes until ${new Date(hold.until).toISOString()}: ${hold.reason}`;
  if (held?.kind === "unapproved") return `${held.approval.have} of ${held.approval.need} approvals count there`;
  if (held?.kind === "staged" && held.detail !== null) return held.detail;
  return trouble === null || trouble.kind === "rejected" ? null : trouble.reason;
}

/** A release in force is neither skipped nor replaced: its successor is on its way. */
function peerStateOf(state: ReleaseState): PeerRelease["state"] {
  return state === "skipped" || state === "replaced" ? "rolled-back" : state;
}
