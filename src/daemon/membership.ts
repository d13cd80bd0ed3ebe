// An instance's place among the others: leads what is heard to the loop's door, gives the loop its way to Redis, and
// tells the others what it runs. However much is heard, the head is read at most every 50 ms, and a look is asked for at
// most a few times a second.
import { setTimeout as delay } from "node:timers/promises";
import type { Message } from "../cluster/announcement.ts";
import type { Notifier } from "../cluster/notifier.ts";
import { peerId, type PeerRecord } from "../cluster/peers.ts";
import type { Logger } from "../telemetry/log.ts";
import type { AgreementLimits, Ledger } from "../agreement/agreement.ts";
import type { ClusterAccess, HeadReading } from "../reload/cluster_access.ts";
import type { Loop } from "../reload/loop.ts";
import { debounce } from "../source/debounce.ts";
import type { EventRecorder } from "./event_recorder.ts";
import type { Candidate } from "./source_loader.ts";
import { agreedGeneration, syncStateOf } from "./sync_state.ts";
import type { StateKeeper } from "./state_file.ts";

/** Between the beginnings of two readings of the head. */
const HEAD_SPACING_MILLISECONDS = 50;

/** Quiet time after a message that makes all look again; four times this is the longest wait during a flood. */
const LOOK_AGAIN_QUIET_MILLISECONDS = 100;

/** Who becomes a member, and of what. */
export interface MembershipSettings {
  /** The way to the others. */
  readonly notifier: Notifier;
  /** Where Redis is, without user and password. */
  readonly connection: string;
  /** The instance's name. */
  readonly instance: string;
  /** The process's, by `newIncarnation`. */
  readonly incarnation: string;
  /** Of honua-configd. */
  readonly version: string;
  /** How long things take. */
  readonly limits: AgreementLimits;
  /** Between two writings of a record that did not change; it lives three times as long. */
  readonly tellMilliseconds: number;
  /** What the last process left behind. */
  readonly ledger: Ledger;
  /** Keeps it for the next one. */
  readonly keeper: StateKeeper;
  /** The log. */
  readonly log: Logger;
  /** Whether a change that is heard of is worth a line (`ConfigurationWatcher:LogChangeEvents`). */
  readonly logChangeEvents: boolean;
  /** Is told what is heard. */
  readonly recorder: EventRecorder;
  /** The loop, which is there before anything is heard. */
  loop(): Loop<Candidate>;
  /** Replaces what must not be seen. */
  mask(text: string): string;
}

/** Membership in a cluster. Disposing of it leaves the cluster. */
export interface Membership extends AsyncDisposable {
  /** What the loop is given. */
  readonly access: ClusterAccess;
  /** Connects and listens from now on. */
  join(): void;
  /** Tells the others what this instance runs, where that changed. */
  tellChange(): void;
}

/** Makes an instance a member; nothing is opened before it joins. */
export function openMembership(settings: MembershipSettings): Membership {
  const { notifier, recorder, connection, log, loop } = settings;
  const closing = new AbortController();
  let path = "";
  // Told with the look and not with the message: in a flood a line for each would be a flood of its own.
  const lookAgain = debounce({ quietMilliseconds: LOOK_AGAIN_QUIET_MILLISECONDS }, () => {
    if (settings.logChangeEvents) log.information(`Configuration file changed: ${path}`, { saidBy: "Redis" });
    loop().hint("peer");
  });
  const teller = peerTeller(settings, closing.signal);
  const renewal = setInterval(() => teller(true), settings.tellMilliseconds);
  const heard = (message: Message) => {
    recorder.heard(message, loop().state().active?.hash ?? null);
    if (message.kind === "announcement" && !message.own) loop().link("heard");
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
        return await notifier.announce(announcement);
      },
      keep: (ledger) => settings.keeper.keep({ ledger }),
    },
    join() {
      notifier.watch({
        heard,
        linked(link) {
          recorder.linked(link, connection);
          if (link.state !== "connecting") loop().link(link.state === "up" ? "linked" : "unlinked");
          if (link.state === "up") teller(true);
        },
      });
    },
    tellChange: () => teller(false),
    async [Symbol.asyncDispose]() {
      closing.abort();
      clearInterval(renewal);
      lookAgain.close();
      await notifier[Symbol.asyncDispose]();
    },
  };
}

/** Reads the head, in a flood of messages not more often than is good for Redis. */
function headReader({ notifier, recorder, loop }: MembershipSettings, closing: AbortSignal) {
  let lastBegun = -Infinity;
  return async (): Promise<HeadReading> => {
    const wait = lastBegun + HEAD_SPACING_MILLISECONDS - performance.now();
    if (wait > 0) await delay(wait, undefined, { signal: closing }).catch(() => {});
    lastBegun = performance.now();
    const answer = await notifier.head();
    if (answer.ok && answer.head !== null && answer.head.hash !== loop().state().active?.hash) {
      recorder.headSeen(answer.head.hash, answer.head.ageMilliseconds);
    }
    return answer;
  };
}

/** Writes this instance's record: one write at a time, the latest last, and only where it says something new. */
function peerTeller(settings: MembershipSettings, closing: AbortSignal): (renew: boolean) => void {
  const { notifier, log, instance, keeper } = settings;
  let isKept = false;
  let told = "";
  let isTelling = false;
  let isNext = false;
  let toldOfNamesake = false;
  let trouble: string | null = null;
  const write = async (record: PeerRecord, text: string) => {
    if (!isKept) {
      // Before the others see it: if this process is killed, the next one removes its record, or the two would be namesakes.
      keeper.keep({ peer: peerId(record) });
      await keeper.kept();
      isKept = true;
    }
    const answer = await notifier.tell(record);
    const reason = answer.ok ? null : answer.reason;
    if (reason !== null && reason !== trouble && notifier.link().state === "up") {
      log.warning(`The other instances could not be told what runs here: ${reason}`);
    }
    trouble = reason;
    if (!answer.ok) return;
    told = text;
    if (answer.namesake && !toldOfNamesake) {
      log.error("Another living process has the name of this instance: give one of them another", {
        instance,
        option: "HighAvailability:InstanceName",
      });
    }
    // Once a process: two that tell at different paces do not find each other every time.
    toldOfNamesake ||= answer.namesake;
  };
  const tell = async (renew: boolean) => {
    isTelling = true;
    do {
      isNext = false;
      const record = recordOf(settings);
      const text = JSON.stringify(record);
      const isNews = renew || text !== told;
      renew = false;
      if (isNews) await write({ ...record, at: new Date().toISOString() }, text);
    } while (isNext && !closing.aborted);
    isTelling = false;
  };
  return (renew) => {
    if (closing.aborted || notifier.link().state !== "up") return;
    if (isTelling) isNext = true;
    else void tell(renew);
  };
}

/** What this instance runs now; its time is set when it is told. */
export function recordOf(
  { instance, incarnation, version, loop, recorder, mask }: Pick<
    MembershipSettings,
    "instance" | "incarnation" | "version" | "loop" | "recorder" | "mask"
  >,
): PeerRecord {
  const { active, agreement, trouble } = loop().state();
  const rejection = trouble?.kind === "rejected" ? recorder.rejection() : null;
  const head = agreement?.head ?? null;
  // What was rejected before anybody announced it has the generation that it was announced as.
  const generation = head !== null && head.hash === rejection?.hash ? head.generation : rejection?.generation ?? null;
  return {
    instance,
    incarnation,
    version,
    hash: active?.hash ?? null,
    generation: agreedGeneration(agreement),
    standing: syncStateOf(agreement),
    rejected: rejection && { ...rejection, generation, why: mask(rejection.why) },
    at: "",
  };
}
