// The hooks of this host, with the output of the last run of each.
import type { HookStatus } from "../../hooks/hook_memory.ts";
import { lengthText } from "./charts.ts";
import { hasFailed } from "./host_problems.ts";
import { type Markup, markup } from "./markup.ts";
import { timeTag } from "./time_tag.ts";

/** Renders masked hooks in the order of the options. */
export function hooksView(hooks: readonly HookStatus[]): Markup {
  if (hooks.length === 0) return markup`<p>No hooks are configured.</p>`;
  return markup`<table>
<caption>In the order of the options</caption>
<thead><tr><th scope="col">Hook</th><th scope="col">Runs on</th><th scope="col">State</th><th scope="col">Last run</th><th scope="col">Took</th><th scope="col">Why it failed</th></tr></thead>
<tbody>
${hooks.map(rowOf)}</tbody>
</table>
${hooks.map(outputOf)}`;
}

function rowOf(hook: HookStatus): Markup {
  const { name, on, lastRun } = hook;
  return markup`<tr><th scope="row">${name}</th>
<td data-label="Runs on">${on}</td>
<td data-label="State">${stateOf(hook)}</td>
<td data-label="Last run">${
    lastRun === null ? "not since the start" : markup`${lastRun.outcome} ${timeTag(lastRun.at)}`
  }</td>
<td data-label="Took">${lastRun === null ? "–" : lengthText(lastRun.durationMilliseconds)}</td>
<td data-label="Why it failed">${lastRun?.reason ?? "–"}</td></tr>
`;
}

function stateOf(hook: HookStatus): Markup {
  const { state, failures, heldBy } = hook;
  if (heldBy !== null) return markup`<span class="warn">not run, because hook ${heldBy} failed</span>`;
  const times = failures === 0 ? "" : `, ${failures} ${failures === 1 ? "failure" : "failures"} in a row`;
  const tone = hasFailed(hook) ? "bad" : state === "done" || state === "healthy" ? "good" : "muted";
  return markup`<span class="${tone}">${state.replace("-", " ")}${times}</span>`;
}

/** Folded: an output may have 4 KiB. By its id it stays open when the page is updated. */
function outputOf({ name, lastRun }: HookStatus, at: number): Markup | string {
  if (lastRun === null || lastRun.output === "") return "";
  return markup`<details id="hook-output-${at}"><summary>Output of ${name} in its last run</summary>
<pre tabindex="0" role="group" aria-label="Output of ${name}">${lastRun.output}</pre></details>
`;
}
