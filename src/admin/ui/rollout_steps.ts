// The fleet's rollout as a line of steps, with the hosts and the waits of each. A rollout that is over is one line.
import { endOf, moveText, noteText, progressText, type RolloutEnd } from "../../rollout/progress_text.ts";
import type { RolloutHost, RolloutView } from "../../rollout/rollout_view.ts";
import type { RolloutAnswer } from "../daemon_api.ts";
import { type Markup, markup } from "./markup.ts";
import { timeTag } from "./time_tag.ts";
import { hashTag } from "./hash_tag.ts";

/** The most waits on the line of the phase; the fold has all. */
const MAX_WAITS = 3;

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
 * Renders a rollout, masked, or why it is not known; nothing if there is none. Its parts are replaced one by one: the
 * time since the last move is always another, and must not take the reader's place in the rest.
 */
export function rolloutSteps(answer: RolloutAnswer): Markup {
  const rollout = answer.ok ? answer.rollout : null;
  const isOpen = rollout !== null && ["under way", "waits"].includes(endOf(rollout));
  return markup`<div class="rollout">
<div id="rollout" data-live>${
    answer.ok ? rollout !== null && progressOf(rollout, isOpen) : unknown(answer.reason)
  }</div>
<div id="rollout-move" data-live>${isOpen && originOf(rollout)}</div>
<div id="rollout-hosts" data-live>${isOpen && hostsOf(rollout)}</div>
</div>`;
}

function unknown(reason: string): Markup {
  return markup`<p class="warn">The rollout is not known: ${reason}</p>`;
}

function progressOf(rollout: RolloutView, isOpen: boolean): Markup {
  const { hash, base, at, steps, waitsFor } = rollout;
  const progress = markup`<span class="${TONES[endOf(rollout)]}">${progressText(rollout)}</span>`;
  if (!isOpen) return markup`<p>Last rollout, of ${hashTag(hash)}, proposed ${timeTag(at)}: ${progress}</p>`;
  return markup`<h2>Rollout of ${hashTag(hash)} in place of ${hashTag(base)}</h2>
<p>${progress}${waitsFor.length > 0 && `. Waits for ${waitsText(waitsFor)}`}</p>
<ol class="steps">${steps.map((_, step) => stepOf(rollout, step))}</ol>`;
}

function waitsText(waitsFor: readonly string[]): string {
  const more = waitsFor.length - MAX_WAITS;
  return waitsFor.slice(0, MAX_WAITS).join("; ") + (more > 0 ? `; and ${more} more` : "");
}

function originOf(rollout: RolloutView): Markup {
  const { by, author, reason, at } = rollout;
  const person = author === null ? "" : `by ${author} `;
  const why = reason === null ? "" : `: ${reason}`;
  return markup`<p>Proposed ${person}on ${by}, ${timeTag(at)}${why}. Last move ${moveText(rollout)}.</p>`;
}

function stepOf({ steps, step: current, phase, hosts }: RolloutView, step: number): Markup {
  const count = steps[step]!;
  const running = runningOf(hosts.filter(({ rank }) => rank !== null && rank < count));
  const run = `${running} ${running === 1 ? "runs" : "run"} it`;
  const isAhead = step > current || phase === "awaiting-approval";
  const [style, text] = isAhead
    ? ["muted", "to come"]
    : step === current
    ? ["warn", `now, ${run}`]
    : ["good", `passed, ${run}`];
  const content = markup`${stepText(count, steps.at(-1)!)} <small class="${style}">${text}</small>`;
  return step === current ? markup`<li aria-current="step">${content}</li>` : markup`<li>${content}</li>`;
}

/** `1 host (10 %)`, `all 10 hosts`. */
function stepText(count: number, all: number): string {
  const hosts = `${count} ${count === 1 ? "host" : "hosts"}`;
  if (count === all) return all === 1 ? hosts : `all ${hosts}`;
  return `${hosts} (${Math.round(100 * count / all)} %)`;
}

function runningOf(hosts: readonly RolloutHost[]): number {
  return hosts.filter(({ runs }) => runs === "candidate").length;
}

/** The hosts of each step, and those that came later, in a fold; with all waits if the line has not. */
function hostsOf({ steps, hosts, waitsFor }: RolloutView): Markup | null {
  if (hosts.length === 0) return null;
  const lists = steps.map((end, step) => {
    const begin = step === 0 ? 0 : steps[step - 1]!;
    const isOfStep = ({ rank }: RolloutHost) => rank !== null && rank >= begin && rank < end;
    return hostList(`Step ${step + 1}`, hosts.filter(isOfStep));
  });
  const outside = hosts.filter(({ rank }) => rank === null);
  const left = hostList("Left out", outside.filter(({ isLeftOut }) => isLeftOut === true));
  const late = hostList("Came later", outside.filter(({ isLeftOut }) => isLeftOut !== true));
  const count = `${runningOf(hosts)} of ${hosts.length}`;
  const waits = waitsFor.length > MAX_WAITS && markup`<p>Waits for</p>${listOf(waitsFor)}`;
  return markup`<details id="rollout-fold"><summary>Hosts: ${count} run it</summary>${waits}${lists}${left}${late}</details>`;
}

function listOf(texts: readonly string[]): Markup {
  return markup`<ul>${texts.map((text) => markup`<li>${text}</li>`)}</ul>`;
}

function hostList(title: string, hosts: readonly RolloutHost[]): Markup | null {
  if (hosts.length === 0) return null;
  const more = hosts.length - MAX_NAMED;
  return markup`<p>${title}: ${runningOf(hosts)} of ${hosts.length} run it</p>
<ul>${hosts.slice(0, MAX_NAMED).map(hostOf)}${
    more > 0 && markup`<li>and ${more} more: <code>honua-configd rollout --format json</code> has all</li>`
  }</ul>`;
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
