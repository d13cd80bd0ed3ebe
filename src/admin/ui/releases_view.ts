// The releases of this host as a table, and the form that compares two of them.
import { countsText } from "../../config/setting_text.ts";
import type { ListedRelease } from "../../releases/history_list.ts";
import type { ReleaseState } from "../../releases/release.ts";
import { causeText, changesText, stateText } from "../../releases/release_text.ts";
import type { RolloutAnswer } from "../daemon_api.ts";
import { rollbackLink } from "./confirmation_view.ts";
import { type Markup, markup } from "./markup.ts";
import { rolloutSteps } from "./rollout_steps.ts";
import { timeTag } from "./time_tag.ts";
import { hashTag, shortHash } from "./hash_tag.ts";

/** The most releases that the page shows. */
export const MAX_SHOWN = 100;

/** A release with the one before it in the history. */
interface ShownRelease extends ListedRelease {
  /** Its number; null: the history has none. */
  readonly before: number | null;
}

/** The masked facts of the view. */
export interface ReleasesModel {
  readonly rollout: RolloutAnswer;
  /** The newest first. */
  readonly releases: readonly ShownRelease[];
  /** How many older ones the history has. */
  readonly older: number;
  /** Whether the source is a file of this host. */
  readonly hasFile: boolean;
  /** The numbers to which a link offers to roll back; default none. */
  readonly targets?: readonly number[];
}

/** The newest releases of a history, which is itself the newest first. */
export function newestReleases(history: readonly ListedRelease[]): Pick<ReleasesModel, "releases" | "older"> {
  const releases = history.slice(0, MAX_SHOWN).map((one, at) => ({ ...one, before: history[at + 1]?.number ?? null }));
  return { releases, older: history.length - releases.length };
}

/** Renders the rollout, the form and the table. */
export function releasesView({ rollout, releases, older, hasFile, targets = [] }: ReleasesModel): Markup {
  return markup`<h1>Releases</h1>
${rolloutSteps(rollout)}
<div id="compare" data-live>${releases.length > 0 && compareForm(releases, hasFile)}</div>
<div id="releases" data-live>
${releases.length === 0 ? markup`<p>No release was put in force yet.</p>` : table(releases, targets)}
${older > 0 && markup`<p class="muted">${olderText(older)}: <code>honua-configd history</code> lists them.</p>`}
</div>`;
}

function olderText(count: number): string {
  return count === 1 ? "1 older release is not shown" : `${count} older releases are not shown`;
}

const HEADINGS = ["Release", "Hash", "In force since", "Until", "By", "Reason", "State", "Changes"] as const;

function table(releases: readonly ShownRelease[], targets: readonly number[]): Markup {
  return markup`<table>
<caption>The releases of this host, the newest first</caption>
<thead><tr>${HEADINGS.map((heading) => markup`<th scope="col">${heading}</th>`)}</tr></thead>
<tbody>
${releases.map((release) => rowOf(release, targets.includes(release.number)))}
</tbody>
</table>`;
}

const TONES: Readonly<Record<ReleaseState, string>> = {
  running: "warn",
  baking: "warn",
  healthy: "good",
  failed: "bad",
  "rolled-back": "bad",
  skipped: "bad",
  replaced: "muted",
};

function rowOf(release: ShownRelease, isTarget: boolean): Markup {
  const { number, hash, at, until, reason, state, isRunning, isSkipped } = release;
  return markup`<tr><th scope="row" data-label="Release">${number}${
    isRunning && markup` <span class="mark">in force</span>`
  }</th>
<td data-label="Hash">${hashTag(hash)}</td>
<td data-label="Since">${timeTag(at)}</td>
<td data-label="Until">${until === null ? "now" : timeTag(until)}</td>
<td data-label="By">${causeText(release)}</td>
<td data-label="Reason">${reason ?? "–"}</td>
<td data-label="State"><span class="${TONES[state]}">${stateText(state, isSkipped)}</span></td>
<td data-label="Changes">${changesOf(release)}${isTarget && markup` ${rollbackLink(number)}`}</td></tr>
`;
}

/** The counts, and a link to the differences from the release before. */
function changesOf({ number, before, changes }: ShownRelease): Markup {
  const counts = changes === null
    ? "not counted"
    : markup`<span aria-hidden="true">${changesText(changes)}</span><span class="spoken">${countsText(changes)}</span>`;
  if (before === null) return markup`${counts}`;
  const title = `Diff of release ${before} and release ${number}`;
  return markup`${counts} <a href="/ui/releases/diff?from=${before}&amp;to=${number}" aria-label="${title}">diff</a>`;
}

/** The two newest releases are chosen; another choice is the file as it is when the form is sent. */
function compareForm(releases: readonly ShownRelease[], hasFile: boolean): Markup {
  const optionsFor = (chosen: number) => [
    ...releases.map(({ number, hash }) => {
      const text = `release ${number} (${shortHash(hash)})`;
      return number === chosen
        ? markup`<option value="${number}" selected>${text}</option>`
        : markup`<option value="${number}">${text}</option>`;
    }),
    hasFile && markup`<option value="file">the source file</option>`,
  ];
  const newest = releases[0]!;
  const second = releases[1] ?? newest;
  return markup`<form class="actions" action="/ui/releases/diff" method="get">
<label>Compare <select name="from">${optionsFor(second.number)}</select></label>
<label>with <select name="to">${optionsFor(newest.number)}</select></label>
<button>Compare</button>
</form>`;
}
