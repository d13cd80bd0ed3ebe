// The view of this host: the configuration in force and its source, the diagnostics, the hooks, and charts of the last
// hour.
import { causeText, stateText } from "../../releases/release_text.ts";
import type { RecentFigures } from "../../telemetry/recent_figures.ts";
import type { Status, StoredStatus } from "../daemon_api.ts";
import { latencyChart, lengthText, reloadCharts } from "./charts.ts";
import { type BoundedStatus, diagnosticsView } from "./diagnostics_view.ts";
import { hooksView } from "./hooks_view.ts";
import { hostProblems, verdictOf } from "./host_problems.ts";
import { type Markup, markup } from "./markup.ts";
import { timeTag } from "./time_tag.ts";
import { hashTag } from "./hash_tag.ts";

/** The facts of the view, its status masked. */
export interface HostModel extends BoundedStatus {
  readonly figures: RecentFigures;
}

/** Renders the host. */
export function hostView({ status, further, figures }: HostModel): Markup {
  const needs = hostProblems(status);
  const [worst, ...others] = needs;
  const rest = others.map(({ tone, text }) =>
    markup`<li class="${tone}">${text}</li>
`
  );
  return markup`<h1>This host</h1>
<div id="host" data-live>
<p class="verdict ${worst?.tone ?? "good"}">${verdictOf(status, needs)}</p>
${rest.length === 0 ? "" : markup`<ul>${rest}</ul>`}
<div class="facts">
${section("Configuration", configurationFacts(status))}
<div>
${section("Cluster", clusterFacts(status))}
${section("Process", processFacts(status))}
</div>
</div>
</div>
<div id="diagnostics" data-live>
<h2>Diagnostics</h2>
${diagnosticsView(status.lastReload, further)}
</div>
<div id="hooks" data-live>
<h2>Hooks</h2>
${hooksView(status.hooks)}
</div>
<div id="figures" data-live>
<h2>The last hour</h2>
<div class="charts">
${reloadCharts(figures)}
${status.mode === "alone" ? "" : latencyChart(figures)}
</div>
</div>`;
}

/** A name and the text that is shown for it; null: the fact is left out. */
type Fact = readonly [name: string, shown: Markup | string | null];

function section(title: string, facts: readonly Fact[]): Markup {
  const rows = facts.map(([name, shown]) =>
    shown === null ? "" : markup`<dt>${name}</dt><dd>${shown}</dd>
`
  );
  return markup`<section><h2>${title}</h2><dl>${rows}</dl></section>`;
}

function configurationFacts(status: Status): readonly Fact[] {
  const { active, snapshot, stored, serverForm, confirmation, hold } = status;
  return [
    ["In force", active === null ? "nothing" : markup`${hashTag(active.hash)} since ${timeTag(active.since)}`],
    ["Release", releaseOf(status)],
    ["Source", sourceOf(status)],
    ["Watched by", watchOf(status)],
    ["Last reload", lastReloadOf(status)],
    ["Snapshot", fileOf(snapshot, stored)],
    ["Server form", serverForm === null ? "none" : fileOf(serverForm.path, serverForm.stored)],
    ["Held", heldOf(status)],
    ["Hold", hold && markup`until ${timeTag(hold.until)}, by ${hold.author}: ${hold.reason}`],
    [
      "Confirmation",
      confirmation && markup`until ${timeTag(confirmation.deadline)}, asked for by ${confirmation.author}`,
    ],
    ["Health", bakeOf(status)],
  ];
}

function releaseOf({ release }: Status): Markup | null {
  if (release === null) return null;
  const { number, state, reason } = release;
  const why = reason === null ? "" : `: ${reason}`;
  return markup`<a href="/ui/releases">${number}</a>, ${stateText(state, false)}, by ${causeText(release)}${why}`;
}

function sourceOf({ source, sourceFrom }: Status): Markup | string {
  if (source === null) return "the store: no file is read";
  return markup`<code>${source}</code>${sourceFrom === "both" ? "; while it is missing, the store" : ""}`;
}

function watchOf({ watch: { by, reason } }: Status): Markup | string {
  if (by === "events") return "events and polling";
  if (by === "nothing") return "nothing: it reloads only on request";
  return markup`<span class="warn">polling only</span>${reason === null ? "" : `: ${reason}`}`;
}

function lastReloadOf({ lastReload }: Status): Markup | string {
  if (lastReload === null) return "none has ended yet";
  const { outcome, at, durationMilliseconds, reasons, reason } = lastReload;
  const tone = outcome === "activated" || outcome === "unchanged" ? "good" : outcome === "held" ? "warn" : "bad";
  const asked = reasons.length === 0 ? "" : `, asked for by ${reasons.join(", ")}`;
  return markup`<span class="${tone}">${outcome.replace("-", " ")}</span> ${timeTag(at)}, took ${
    lengthText(durationMilliseconds)
  }${asked}${reason === null ? "" : `: ${reason}`}`;
}

function fileOf(path: string, stored: StoredStatus): Markup {
  const words = {
    "in-force": markup`<span class="good">the one in force</span>`,
    "another": markup`<span class="bad">not the one in force</span>`,
    "missing": markup`<span class="bad">missing</span>`,
  };
  return markup`<code>${path}</code>, ${stored === null ? "not known whether it is the one in force" : words[stored]}`;
}

function heldOf({ held }: Status): Markup | null {
  if (held === null) return null;
  const { hash, why, advice } = held;
  return markup`<span class="warn">${hashTag(hash)} of the source</span>. ${why}. ${advice}`;
}

function bakeOf({ bake, release }: Status): Markup | string | null {
  if (bake === null) return null;
  if (release?.state === "failed") {
    const again = "asked again, and healthy when that succeeds for a whole bake";
    return bake.endsAt === null ? again : markup`${again}: it succeeds, until ${timeTag(bake.endsAt)}`;
  }
  if (bake.endsAt === null) return "checks begin when the hooks are done";
  const { failures } = bake;
  const failed = failures === 0 ? "no failure" : `${failures} ${failures === 1 ? "failure" : "failures"} in a row`;
  return markup`watched until ${timeTag(bake.endsAt)}, ${failed}`;
}

function clusterFacts(status: Status): readonly Fact[] {
  const { mode, head, rollout } = status;
  if (mode === "alone") {
    return [["Agreement", `with no other host: ${status.redis.reason ?? "High Availability is off"}`]];
  }
  const step = rollout && `step ${rollout.step + 1} of ${rollout.steps.length}, ${rollout.phase.replace("-", " ")}`;
  return [
    ["Agreement", standingOf(status)],
    ["Head", head && markup`${hashTag(head.hash)}, generation ${head.generation}`],
    ["Redis", redisOf(status)],
    ["Rollout", rollout?.isUnderWay ? markup`<a href="/ui/releases">${hashTag(rollout.hash)}</a>, ${step}` : null],
  ];
}

function standingOf({ standing, announcementOwed }: Status): Markup | string {
  if (announcementOwed) return "a change waits to be announced";
  if (standing === "unknown") return "not known whether the others agree";
  const tone = standing === "agreed" ? "good" : standing === "diverged" ? "bad" : "warn";
  return markup`<span class="${tone}">${standing}</span>`;
}

function redisOf({ redis: { state, since, reason, reconnections } }: Status): Markup {
  const tone = state === "up" && reason === null ? "good" : state === "down" ? "bad" : "warn";
  const times = `${reconnections} ${reconnections === 1 ? "reconnection" : "reconnections"}`;
  return markup`<span class="${tone}">${state}</span> since ${timeTag(since)}${
    reconnections === 0 ? "" : `, ${times}`
  }${reason === null ? "" : `: ${reason}`}`;
}

function processFacts(status: Status): readonly Fact[] {
  const { instance, version, startedAt, stateDirectory, restartNeeded } = status;
  return [
    ["Instance", instance],
    ["Version", version],
    ["Started", timeTag(startedAt)],
    ["State", markup`<code>${stateDirectory}</code>`],
    ["Restart", restartNeeded ? markup`<span class="warn">needed: the options file changed</span>` : "not needed"],
  ];
}
