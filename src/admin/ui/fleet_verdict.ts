// The verdict on the fleet in one sentence: the number of hosts that run the most common configuration, the states of
// the other hosts, and the problems that need a person. Pure; each host counts in one clause about configurations.
import { namesakesOf } from "../../cluster/peer_record.ts";
import { terminalText } from "../../diagnostic/terminal_text.ts";
import { compareTexts, type Host, isHeld, isInRollout, latenessOf, type RowFacts, type Tone } from "./fleet_rows.ts";
import { shortHash } from "./hash_tag.ts";
import { asSentence } from "./sentence.ts";

/** The states of a host, in the order of their clauses; `well`: no clause is needed. */
const HOST_STATES = [
  "lost",
  "rejected-it",
  "rejected-candidate",
  "rejected-another",
  "runs-nothing",
  "diverged",
  "settling",
  "in-rollout",
  "rolled-back",
  "frozen",
  "staged",
  "overtaken",
  "taken-back",
  "unapproved",
  "held",
  "well",
] as const;

/** See {@linkcode HOST_STATES}. */
export type HostState = typeof HOST_STATES[number];

/** The hosts, grouped by configuration and state. */
export interface FleetGroups {
  /** The most common configuration; null: no host runs any. */
  readonly leading: string | null;
  /** Those that run it. */
  readonly running: ReadonlyMap<HostState, readonly Host[]>;
  readonly others: ReadonlyMap<HostState, readonly Host[]>;
}

/** The sentence and how good it is. */
export interface FleetVerdict {
  readonly text: string;
  readonly tone: Tone;
}

/** The facts of the verdict beside the hosts. */
export interface VerdictFacts extends RowFacts {
  /** The hash that the fleet has agreed on, as this host knows it: it leads if as many run another one. */
  readonly head: string | null;
  /** The releases of this host, the newest first. */
  readonly releases: readonly { readonly number: number; readonly hash: string }[];
  /** Why the other hosts are not known; null: they are. */
  readonly unknown: string | null;
  /** Whether more hosts than are read at once may be there. */
  readonly isPart: boolean;
}

/** Puts each host into exactly one group. */
export function groupHosts(hosts: readonly Host[], facts: Pick<VerdictFacts, "head" | "candidate">): FleetGroups {
  const leading = leadingHash(hosts, facts.head);
  const isRunning = ({ hash, isLost }: Host) => leading !== null && hash === leading && !isLost;
  const byState = (some: readonly Host[]) => Map.groupBy(some, (host) => hostStateOf(host, leading, facts));
  return {
    leading,
    running: byState(hosts.filter(isRunning)),
    others: byState(hosts.filter((host) => !isRunning(host))),
  };
}

function leadingHash(hosts: readonly Host[], head: string | null): string | null {
  const counts = new Map<string, number>();
  for (const { hash, isLost } of hosts) if (hash !== null && !isLost) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  const sorted = [...counts].sort(([one, first], [other, second]) =>
    second - first || Number(other === head) - Number(one === head) || compareTexts(one, other)
  );
  return sorted[0]?.[0] ?? null;
}

function hostStateOf(host: Host, leading: string | null, { candidate }: Pick<VerdictFacts, "candidate">): HostState {
  const { hash, standing, heldBack, rejected, isLost } = host;
  if (isLost) return "lost";
  if (rejected !== null) {
    if (rejected.hash === null) return "rejected-another";
    if (rejected.hash === leading) return "rejected-it";
    return rejected.hash === candidate ? "rejected-candidate" : "rejected-another";
  }
  if (hash === null) return "runs-nothing";
  if (standing === "diverged" || standing === "settling") return standing;
  if (isInRollout(host, { candidate })) return "in-rollout";
  return isHeld(host) ? heldBack ?? "held" : "well";
}

/** A longer sentence would say less; the rows say all. */
const MAX_CLAUSES = 2;

const IS_PART = "there may be more hosts than are shown";

/** Judges the hosts: one sentence. */
export function fleetVerdict(hosts: readonly Host[], facts: VerdictFacts): FleetVerdict {
  const groups = groupHosts(hosts, facts);
  const found = [...clausesOfGroups(hosts, groups), ...clausesOfAll(hosts.filter(({ isLost }) => !isLost), facts)];
  const clauses = [...found.filter(({ tone }) => tone === "bad"), ...found.filter(({ tone }) => tone !== "bad")];
  const texts = clauses.map(({ text }) => text);
  const shown = texts.length > MAX_CLAUSES ? [...texts.slice(0, MAX_CLAUSES), "and more below"] : texts;
  const needsPerson = groups.leading === null || clauses.some(({ tone }) => tone === "bad");
  const isMoving = clauses.length > 0 || facts.isPart || facts.unknown !== null;
  return {
    text: asSentence([openingOf(hosts, groups, facts), ...shown, ...facts.isPart ? [IS_PART] : []].join("; ")),
    tone: needsPerson ? "bad" : isMoving ? "warn" : "good",
  };
}

function isOnlyThis(hosts: readonly Host[]): boolean {
  return hosts.length === 1 && hosts[0]!.isSelf;
}

function sizeOf(group: ReadonlyMap<HostState, readonly Host[]>): number {
  return [...group.values()].reduce((sum, { length }) => sum + length, 0);
}

function openingOf(hosts: readonly Host[], { leading, running }: FleetGroups, facts: VerdictFacts): string {
  const { length } = hosts;
  const full = leading === null ? null : nameOf(leading, facts);
  if (isOnlyThis(hosts)) {
    const runs = full === null ? "runs nothing yet" : `runs ${full}`;
    const { unknown } = facts;
    if (unknown === null) return `This host ${runs}${facts.mode === "cluster" ? ", and no other host is known" : ""}`;
    return `The configurations of the other hosts are not known (${
      terminalText(unknown, MAX_TEXT_LENGTH)
    }), this host ${runs}`;
  }
  if (full === null) return "No host runs a configuration yet";
  const count = sizeOf(running);
  if (count === length) return `All ${length} hosts run ${full}`;
  return `${count} of ${length} hosts ${count === 1 ? "runs" : "run"} ${full}`;
}

/** Each host counts its releases by itself, so only a number would not name one. */
function nameOf(hash: string, { releases }: VerdictFacts): string {
  const number = releases.find((release) => release.hash === hash)?.number;
  return number === undefined ? `configuration ${shortHash(hash)}` : `release ${number} (${shortHash(hash)})`;
}

interface Clause {
  readonly text: string;
  readonly tone: Tone;
}

type Words = readonly [one: string, many: string, tone: Tone];

const WORDS: Readonly<Record<HostState, Words>> = {
  lost: ["is gone", "are gone", "bad"],
  "rejected-it": ["rejected it", "rejected it", "bad"],
  "rejected-candidate": ["rejected the rollout's candidate", "rejected the rollout's candidate", "bad"],
  "rejected-another": ["rejected another configuration", "rejected another configuration", "bad"],
  "runs-nothing": ["runs nothing", "run nothing", "bad"],
  diverged: ["has diverged", "have diverged", "bad"],
  settling: ["is settling", "are settling", "warn"],
  "in-rollout": ["runs the rollout's candidate", "run the rollout's candidate", "warn"],
  "rolled-back": ["is held by a rollback", "are held by a rollback", "warn"],
  frozen: ["holds changes", "hold changes", "warn"],
  staged: ["waits for its rollout", "wait for their rollout", "warn"],
  overtaken: [
    "has a file that another change took the place of",
    "have files that another change took the place of",
    "warn",
  ],
  "taken-back": ["took the fleet's release back", "took the fleet's release back", "warn"],
  unapproved: ["waits for approval", "wait for approval", "warn"],
  held: ["is held", "are held", "warn"],
  well: ["runs another configuration", "run another configuration", "warn"],
};

/** The clauses about the states of hosts: first the hosts that do not run the most common configuration. */
function clausesOfGroups(hosts: readonly Host[], { leading, running, others }: FleetGroups): Clause[] {
  const clauseOf = (state: HostState, found: readonly Host[], subject: string): Clause => {
    const [one, many, tone] = WORDS[state];
    const isRejection = state.startsWith("rejected-");
    const did = isRejection && leading === null ? "rejected its configuration" : found.length === 1 ? one : many;
    const named = state === "in-rollout" ? ` (${shortHash(found[0]!.hash!)})` : state === "lost" ? namesOf(found) : "";
    const text = `${isOnlyThis(hosts) ? "it" : subject} ${did}${named}${isRejection ? `: ${reasonsOf(found)}` : ""}`;
    return { text, tone };
  };
  const ofOthers = HOST_STATES.flatMap((state) => {
    const found = others.get(state);
    const isNamed = found !== undefined && (state !== "runs-nothing" || leading !== null);
    return isNamed ? [clauseOf(state, found, `${found.length}`)] : [];
  });
  const ofRunning = HOST_STATES.flatMap((state) => {
    const found = running.get(state);
    if (found === undefined || state === "well") return [];
    if (state === "in-rollout") return [{ text: "its rollout is not over", tone: "warn" } as const];
    return [clauseOf(state, found, found.length === hosts.length ? "all" : `${found.length}`)];
  });
  return [...ofOthers, ...ofRunning];
}

/** The clauses about hosts that do not depend on their configuration. */
function clausesOfAll(hosts: readonly Host[], { mode, now }: VerdictFacts): Clause[] {
  const clauses: Clause[] = [];
  const add = (found: readonly Host[], [one, many, tone]: Words, detail = () => "") => {
    const { length } = found;
    if (length === 0) return;
    clauses.push({ text: `${isOnlyThis(hosts) ? "it" : length} ${length === 1 ? one : many}${detail()}`, tone });
  };
  const inState = (state: string) => hosts.filter(({ release }) => release?.state === state);
  add(inState("failed"), ["runs a release that failed", "run a release that failed", "bad"]);
  add(inState("rolled-back"), ["is being rolled back", "are being rolled back", "bad"]);
  const failing = hosts.filter(({ hooks }) => (hooks?.failed.length ?? 0) > 0);
  add(failing, ["has failed hooks", "have failed hooks", "bad"], () => ` (${hooksOf(failing)})`);
  const namesakes = namesakesOf(hosts);
  const sharing = hosts.filter(({ instance }) => namesakes.has(instance));
  add(sharing, ["shares its name", "share a name", "bad"], () => ` (${terminalText([...namesakes].sort()[0]!)})`);
  add(inState("baking"), ["is baking", "are baking", "warn"]);
  add(hosts.filter(({ hooks }) => (hooks?.waiting ?? 0) > 0), ["waits for hooks", "wait for hooks", "warn"]);
  const isUncompared = (host: Host) => mode === "cluster" && host.standing === "unknown" && !isHeld(host);
  add(hosts.filter(isUncompared), ["has not compared yet", "have not compared yet", "warn"]);
  const late = (kind: "stale" | "ahead") => hosts.filter((host) => latenessOf(host, now) === kind);
  add(late("stale"), ["was not seen lately", "were not seen lately", "warn"]);
  add(late("ahead"), ["has a clock that is ahead", "have a clock that is ahead", "warn"]);
  return clauses;
}

/** Of a text in the sentence; the row has all of it. */
const MAX_TEXT_LENGTH = 160;

function reasonsOf(hosts: readonly Host[]): string {
  return mostFrequent(hosts.flatMap(({ rejected }) => rejected === null ? [] : [rejected.summary]), "reason");
}

const MAX_NAMES = 3;

function namesOf(hosts: readonly Host[]): string {
  const sorted = hosts.map(({ instance }) => instance).sort(compareTexts);
  const names = sorted.slice(0, MAX_NAMES).map((name) => terminalText(name, MAX_TEXT_LENGTH));
  const others = hosts.length - names.length;
  return ` (${names.join(", ")}${others > 0 ? ` and ${others} others` : ""})`;
}

function hooksOf(hosts: readonly Host[]): string {
  return mostFrequent(hosts.flatMap(({ hooks }) => hooks?.failed ?? []), "hook");
}

/** The most frequent of some texts, of equal ones the lowest, and how many others there are. */
function mostFrequent(texts: readonly string[], what: "reason" | "hook"): string {
  const groups = [...Map.groupBy(texts, (text) => text)].map(([text, { length }]) => ({ text, length }));
  groups.sort((one, other) => other.length - one.length || compareTexts(one.text, other.text));
  const [first, ...{ length: others }] = groups.map(({ text }) => terminalText(text, MAX_TEXT_LENGTH));
  return others === 0 ? `${first}` : `${first} and ${others} other ${what}${others === 1 ? "" : "s"}`;
}
