// The consequence of each action in a sentence with its numbers. A person reads it before confirming. Pure: it is
// computed from the state at that moment. The daemon judges every order again when it comes.
import type { PeersAnswer } from "../../cluster/notifier.ts";
import type { ListedRelease } from "../../releases/history_list.ts";
import type { Release } from "../../releases/release.ts";
import type { RolloutHost, RolloutView } from "../../rollout/rollout_view.ts";
import type { RolloutAnswer, Status } from "../daemon_api.ts";
import { shortHash } from "./hash_tag.ts";
import { asSentence } from "./sentence.ts";

/** How a change of the source comes into force, by the options. */
export interface ChangePolicy {
  /** By the steps of a rollout. */
  readonly isStaged: boolean;
  /** How many it needs. */
  readonly approvals: number;
}

/** Without rollouts and approvals. */
export const AT_ONCE: ChangePolicy = { isStaged: false, approvals: 0 };

/** The facts that consequences depend on. */
export interface ActionState {
  readonly policy: ChangePolicy;
  readonly status: Status;
  readonly peers: PeersAnswer;
  /** The newest first. */
  readonly releases: readonly ListedRelease[];
  readonly rollout: RolloutAnswer;
}

/** An action with all that is chosen in it. */
export type Choice =
  | { readonly action: "reload" }
  /** `to` null: the rollout under way is ended. `isLocal`: only this host goes back. */
  | { readonly action: "rollback"; readonly to: number | null; readonly isLocal: boolean }
  | { readonly action: "promote"; readonly full: boolean }
  | { readonly action: "hold" }
  | { readonly action: "release-hold" };

/** The most hosts that a sentence names. */
const MAX_NAMED = 3;

export interface Consequence {
  /** Whether there is anything to confirm; otherwise the sentence says why there is not. */
  readonly isPossible: boolean;
  readonly sentence: string;
  /** The part of the state that the sentence depends on: the action is refused if another one is there by then. */
  readonly basis: string;
}

/** Returns the consequence of an action. */
export function consequenceOf(choice: Choice, state: ActionState): Consequence {
  switch (choice.action) {
    case "reload":
      return possible(reloadSentence(state), reloadBasis(state));
    case "rollback":
      return choice.to === null ? rolloutEnd(state) : rollback(choice.to, choice.isLocal, state);
    case "promote":
      return promotion(choice.full, state);
    case "hold":
      return possible(holdSentence(state), holdBasis(state.status.hold));
    case "release-hold":
      return holdEnd(state);
  }
}

/** The releases that a rollback can lead to, the newest first; of one configuration only the newest. */
export function targetsOf(releases: readonly ListedRelease[]): readonly ListedRelease[] {
  const running = releases.find(({ isRunning }) => isRunning);
  const seen = new Set(running === undefined ? [] : [running.hash]);
  return releases.filter(({ hash, isSkipped }) => {
    const isNew = !seen.has(hash);
    seen.add(hash);
    return isNew && !isSkipped;
  });
}

function possible(sentence: string, basis: string): Consequence {
  return { isPossible: true, sentence, basis };
}

function impossible(sentence: string): Consequence {
  return { isPossible: false, sentence, basis: "" };
}

/** How many hosts there are; null: not known. */
function fleetSize({ status, peers }: ActionState): number | null {
  if (status.mode === "alone") return 1;
  return peers.ok ? new Set(peers.peers.map(({ instance }) => instance)).size : null;
}

function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}

/** The beginning of a sentence about the whole fleet. */
function fleetText(state: ActionState): string {
  const { status: { instance, mode } } = state;
  const size = fleetSize(state);
  if (mode === "alone") return instance;
  if (size === null) return "All hosts of the fleet (how many is not known now)";
  return size <= 1 ? `${instance}, the only host of the fleet,` : `All ${size} hosts`;
}

/** The hosts beside this one; null: there are none. */
function othersText(state: ActionState): string | null {
  const size = fleetSize(state);
  if (size === null) return "the other hosts";
  return size <= 1 ? null : size === 2 ? "the other host" : `the other ${size - 1} hosts`;
}

function goOn(others: string): string {
  return others.endsWith("s") ? "go on" : "goes on";
}

/**
 * A time in UTC, as `toISOString` writes it, for a sentence: the script brings only elements into the reader's zone.
 */
export function momentText(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

function reloadSentence(state: ActionState): string {
  const { policy, status: { instance, source, hold, held } } = state;
  const others = othersText(state);
  const what = source === null ? "looks at the store" : `reads ${source}`;
  const effect = hold !== null
    ? `waits until the hold by ${hold.author} ends at ${momentText(hold.until)}`
    : policy.approvals > 0
    ? `waits until it has ${counted(policy.approvals, "approval")}`
    : policy.isStaged
    ? `goes through ${others === null ? "the fleet" : `this host and ${others}`} in the steps of a rollout`
    : `comes into force here${others === null ? "" : ` and is announced to ${others}`}`;
  if (held === null || held.kind === "frozen") {
    return `${instance} ${what} again now: a valid change ${effect}; without one everything stays as it is.`;
  }
  return `${instance} ${what} again now, and the configuration there (${shortHash(held.hash)}) stays out of force: ` +
    `${asSentence(held.why)} Another valid change ${effect}.`;
}

function holdBasis(hold: Status["hold"]): string {
  return hold === null ? "no hold" : `hold ${hold.until} ${hold.author}`;
}

function reloadBasis({ status: { hold, held } }: ActionState): string {
  return `${holdBasis(hold)}, ${held === null ? "as the source" : `${held.kind} ${held.hash}`}`;
}

function rollback(number: number, isLocal: boolean, state: ActionState): Consequence {
  const { releases, status: { active, instance, mode } } = state;
  const running = releases.find(({ isRunning }) => isRunning);
  if (running === undefined) return impossible("No release is in force, so there is nothing to take back.");
  const target = releases.find((one) => one.number === number);
  if (target === undefined) return impossible(`There is no release ${number} in the history of ${instance}.`);
  if (target.hash === running.hash && active === null) {
    return impossible(`Nothing is in force: honua-configd rollback ${number} --reason TEXT puts it in force again.`);
  }
  if (target.hash === running.hash) {
    return impossible(`Release ${number} has the configuration that is in force as release ${running.number}.`);
  }
  if (target.isSkipped) return impossible(`Release ${number} was rolled back itself: only a forced reload runs it.`);
  const what = `release ${number} (${shortHash(target.hash)}) again`;
  const taken = takenText(target, releases);
  const found = underWay(state);
  const basis = `release ${running.number}${found.ok ? `, ${rolloutBasis(found.rollout)}` : ""}`;
  const others = othersText(state);
  if (isLocal && mode === "cluster") {
    const rest = others === null ? "" : `; ${others} ${goOn(others)} as before`;
    const leaves = found.ok && found.rollout.hosts.some(({ self, runs }) => self && runs === "candidate")
      ? ` The rollout of ${shortHash(found.rollout.hash)}, which ${instance} leaves, waits for it then.`
      : "";
    return possible(
      `Only ${instance} will run ${what}: ${taken} will not run there until a person forces it${rest}.${leaves}`,
      basis,
    );
  }
  const where = mode === "alone" ? "here" : "anywhere";
  const sentence =
    `${fleetText(state)} will run ${what}: ${taken} will not run ${where} until a person forces it, and ` +
    "any other edit of the source counts as usual.";
  return possible(found.ok ? `${sentence} ${endsToo(found.rollout)}` : sentence, basis);
}

function endsToo({ hash, hosts }: RolloutView): string {
  const runs = hosts.filter((host) => host.runs === "candidate").length;
  const which = runs === 0 ? "no host runs yet" : `${counted(runs, "host")} ${runs === 1 ? "runs" : "run"}`;
  return `The rollout of ${
    shortHash(hash)
  }, which ${which}, ends with that; to end only the rollout, choose the configuration ` +
    "before it.";
}

/** The part of a rollout that sentences depend on. */
function rolloutBasis({ hash, phase, step, hosts }: RolloutView): string {
  const rejects = hosts.filter(({ rejected }) => rejected !== null).map(({ instance }) => instance);
  return [`rollout ${hash} ${phase} step ${step}`, ...rejects].join(" ");
}

/** The releases that a rollback to `target` takes back. */
function takenText(target: Release, releases: readonly ListedRelease[]): string {
  const last = Math.max(...releases.filter(({ hash }) => hash === target.hash).map((one) => one.number));
  const newer = releases.filter((one) => one.number > last);
  const hashes = new Set(newer.map(({ hash }) => hash));
  if (hashes.size === 1) return `release ${newer[0]!.number}`;
  return `the configurations of the ${counted(newer.length, "release")} after it`;
}

/** The rollout under way; otherwise the reason why there is none. */
function underWay({ rollout: answer }: ActionState) {
  if (!answer.ok) return { ok: false, reason: `The rollout is not known now: ${answer.reason}.` } as const;
  const { rollout } = answer;
  if (rollout?.isUnderWay) return { ok: true, rollout } as const;
  return { ok: false, reason: "No rollout is under way." } as const;
}

/** Whether a rollout is under way, so that a rollback means to end it. */
export function isRolloutUnderWay(state: ActionState): boolean {
  return underWay(state).ok;
}

function rolloutEnd(state: ActionState): Consequence {
  const found = underWay(state);
  if (!found.ok) return impossible(found.reason);
  const { hash, base, hosts } = found.rollout;
  const runs = hosts.filter((host) => host.runs === "candidate").length;
  const back = runs === 0
    ? "no host runs it yet"
    : `${runs} of ${counted(hosts.length, "host")} ${runs === 1 ? "goes" : "go"} back to ${shortHash(base)}`;
  const sentence = `The rollout of ${shortHash(hash)} ends: ${back}, and no ` +
    "host will run it until a person forces it.";
  return possible(sentence, rolloutBasis(found.rollout));
}

function promotion(full: boolean, state: ActionState): Consequence {
  const found = underWay(state);
  if (!found.ok) return impossible(found.reason);
  const { hash, phase, step, steps, hosts } = found.rollout;
  const name = shortHash(hash);
  const all = steps.at(-1)!;
  if (phase === "awaiting-approval") {
    return impossible(`The rollout of ${name} waits for approvals, which no order replaces.`);
  }
  const isLast = step === steps.length - 1;
  const now = steps[step]!;
  /** Those that are let in if this many are. */
  const newHosts = (next: number) => hosts.filter(({ rank }) => rank !== null && rank >= now && rank < next);
  if (isLast && phase === "baking") {
    return impossible(`All ${counted(all, "host")} are let in already: the rollout is done when they have baked.`);
  }
  const basis = rolloutBasis(found.rollout);
  const isBehind = ({ isLetIn, runs, state }: typeof hosts[number]) =>
    isLetIn && !(runs === "candidate" && state === "healthy");
  const behind = hosts.filter(isBehind).length;
  if (phase === "halted" && behind > 0) {
    const next = full ? "all other hosts are let in" : "the hosts of the next step are let in";
    const left = `without the ${counted(behind, "host")} that did not become healthy`;
    return possible(
      `The rollout of ${name} goes on ${left}, and ${next} at once.${rejectedText(newHosts(all))}`,
      basis,
    );
  }
  if (isLast) return possible(`The rollout of ${name} goes on: all ${counted(all, "host")} are let in already.`, basis);
  const next = full ? all : steps[step + 1]!;
  const waits = behind === 0
    ? ""
    : `, although ${behind} of those before ${behind === 1 ? "is" : "are"} not healthy yet`;
  const letIn = next === all ? `All ${counted(all, "host")}` : `${next} of ${counted(all, "host")}`;
  const rejects = rejectedText(newHosts(next));
  const will = rejects === "" ? "will run" : "are to run";
  return possible(`${letIn} ${will} ${name} at once, ${next - now} more than now${waits}.${rejects}`, basis);
}

/** A warning of hosts that are to be let in and have rejected the change already; empty: there are none. */
function rejectedText(hosts: readonly RolloutHost[]): string {
  const rejects = hosts.filter(({ rejected }) => rejected !== null).map(({ instance }) => instance);
  if (rejects.length === 0) return "";
  const named = [...rejects.slice(0, MAX_NAMED), ...rejects.length > MAX_NAMED ? ["…"] : []].join(", ");
  return ` But ${
    counted(rejects.length, "host")
  } of them (${named}) rejected it: the rollout will fail there, and stop ` +
    "or be rolled back on all hosts, as its options say.";
}

function holdSentence(state: ActionState): string {
  const { status: { instance, hold } } = state;
  const others = othersText(state);
  const rest = others === null ? "" : `; ${others} ${goOn(others)} without it`;
  const before = hold === null ? "" : ` It replaces the hold by ${hold.author} until ${momentText(hold.until)}.`;
  return `No other configuration comes into force on ${instance} before the hold ends, except rollbacks ` +
    `and forced reloads${rest}.${before}`;
}

function holdEnd({ status: { instance, hold, held } }: ActionState): Consequence {
  if (hold === null) return impossible(`Nothing is held on ${instance}.`);
  const effect = held?.kind === "frozen"
    ? `the edit that waits (${shortHash(held.hash)}) comes into force on ${instance} at once`
    : `no edit waits on ${instance}, and the next one comes into force as usual`;
  return possible(`The hold by ${hold.author} until ${momentText(hold.until)} ends: ${effect}.`, holdBasis(hold));
}
