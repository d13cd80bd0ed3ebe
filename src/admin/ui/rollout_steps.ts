// The fleet's rollout as a line of steps, with the hosts of each, and what it waits for. A rollout that is over is one
// line.
import { endOf, moveText, noteText, progressText, type RolloutEnd } from "../../rollout/progress_text.ts";
import type { RolloutHost, RolloutView } from "../../rollout/rollout_view.ts";
import type { RolloutAnswer } from "../daemon_api.ts";
import { type Markup, markup } from "./markup.ts";
import { timeTag } from "./time_tag.ts";

/** If a rollout has more hosts, they are folded. */
const MAX_OPEN = 20;

/** The most hosts of one step that are named. */
const MAX_NAMED = 200;

const TONES: Readonly<Record<RolloutEnd, string>> = {
  "under way": "warn",
  waits: "bad",
  done: "good",
  "rolled back": "bad",
  withdrawn: "muted",
  void: "muted",
};

/**
 * Renders a rollout, masked, or why it is not known; nothing if there is none. The parts are replaced one by one, so
 * that the time of the last move, which is always another, does not take the reader's place in the others.
 */
export function rolloutSteps(answer: RolloutAnswer): Markup {
  const rollout = answer.ok ? answer.rollout : null;
  const isOpen = rollout !== null && ["under way", "waits"].includes(endOf(rollout));
  return markup`<div>
<div id="rollout" data-live>${
    answer.ok ? rollout !== null && progressOf(rollout, isOpen) : unknown(answer.reason)
  }</div>
<div id="rollout-move" data-live>${isOpen && markup`<p>Last move: ${moveText(rollout)}</p>`}</div>
<div id="rollout-hosts" data-live>${isOpen && hostsOf(rollout)}</div>
</div>`;
}

function unknown(reason: string): Markup {
  return markup`<p class="warn">The rollout is not known: ${reason}</p>`;
}

function progressOf(rollout: RolloutView, isOpen: boolean): Markup {
  const { hash, base, by, author, reason, at, steps, waitsFor } = rollout;
  const progress = markup`<span class="${TONES[endOf(rollout)]}">${progressText(rollout)}</span>`;
  if (!isOpen) return markup`<p>Last rollout, of ${hashOf(hash)}, proposed ${timeTag(at)}: ${progress}</p>`;
  return markup`<h2>Rollout of ${hashOf(hash)} in place of ${hashOf(base)}</h2>
<p>${progress}. ${PHASES[rollout.phase]}</p>
<ol class="steps">${steps.map((_, step) => stepOf(rollout, step))}</ol>
<p>Proposed ${author !== null && `by ${author} `}on ${by}, ${timeTag(at)}${reason !== null && `: ${reason}`}</p>
${waitsFor.length > 0 && markup`<p>Waits for</p><ul>${waitsFor.map((text) => markup`<li>${text}</li>`)}</ul>`}`;
}

function hashOf(hash: string): Markup {
  return markup`<code title="${hash}">${hash.slice(0, 8)}</code>`;
}

/** What each phase means for the hosts. A phase that is over has no steps to show. */
const PHASES: Readonly<Record<RolloutView["phase"], string>> = {
  "awaiting-approval": "No host runs it before its configuration is approved.",
  admitting: "The hosts that are let in put it in force and become healthy.",
  baking: "The hosts that are let in run it and stay watched.",
  paused: "A person paused it: nobody else is let in before a person promotes it.",
  halted: "It halted by itself: a person promotes it or rolls it back.",
  "rolled-back": "",
  withdrawn: "",
};

function stepOf({ steps, step: current, phase }: RolloutView, step: number): Markup {
  const isAhead = step > current || phase === "awaiting-approval";
  const [style, word] = isAhead ? ["muted", "to come"] : step === current ? ["warn", "now"] : ["good", "passed"];
  const content = markup`${stepText(steps[step]!, steps.at(-1)!)} <small class="${style}">${word}</small>`;
  return step === current ? markup`<li aria-current="step">${content}</li>` : markup`<li>${content}</li>`;
}

/** `1 host (10 %)`, `all 10 hosts`. */
function stepText(count: number, all: number): string {
  const hosts = `${count} ${count === 1 ? "host" : "hosts"}`;
  if (count === all) return all === 1 ? hosts : `all ${hosts}`;
  return `${hosts} (${Math.round(100 * count / all)} %)`;
}

/** The hosts of each step, and those that came later. */
function hostsOf({ steps, hosts }: RolloutView): Markup {
  const lists = steps.map((end, step) => {
    const begin = step === 0 ? 0 : steps[step - 1]!;
    const isOfStep = ({ rank }: RolloutHost) => rank !== null && rank >= begin && rank < end;
    return { title: `Step ${step + 1}`, hosts: hosts.filter(isOfStep) };
  });
  const late = { title: "Came later", hosts: hosts.filter(({ rank }) => rank === null) };
  const shown = [...lists, late].filter((list) => list.hosts.length > 0);
  const folds = hosts.length > MAX_OPEN;
  return markup`${shown.map((list, at) => hostList(list, folds ? `rollout-hosts-${at}` : null))}`;
}

interface HostList {
  readonly title: string;
  readonly hosts: readonly RolloutHost[];
}

/** `fold`: the id of the fold; null: it is open to read. */
function hostList({ title, hosts }: HostList, fold: string | null): Markup {
  const running = hosts.filter(({ runs }) => runs === "candidate").length;
  const more = hosts.length - MAX_NAMED;
  const head = `${title}: ${running} of ${hosts.length} ${hosts.length === 1 ? "host runs" : "hosts run"} it`;
  const list = markup`<ul>${hosts.slice(0, MAX_NAMED).map(hostOf)}${
    more > 0 && markup`<li>and ${more} more: <code>honua-configd rollout --format json</code> has all</li>`
  }</ul>`;
  if (fold === null) return markup`<p>${head}</p>${list}`;
  return markup`<details id="${fold}"><summary>${head}</summary>${list}</details>`;
}

const RUNS = {
  candidate: "runs it",
  stable: "runs the configuration before it",
  other: "runs another configuration",
} as const;

function hostOf(host: RolloutHost): Markup {
  const { instance, self, runs, state, rejected } = host;
  const words = [
    runs === null ? "not known to run anything" : RUNS[runs],
    ...state === null ? [] : [state.replace("-", " ")],
    ...[noteText(host)].filter((note) => note !== ""),
  ];
  const text = markup`${instance}${self && " (this host)"}: ${words.join(", ")}`;
  return rejected === null ? markup`<li>${text}</li>` : markup`<li class="bad">${text}</li>`;
}
