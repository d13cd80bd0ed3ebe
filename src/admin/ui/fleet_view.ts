// All hosts of the fleet, those that need a person first, below the verdict on them in one sentence. A row is written
// without spaces and labels that a style can bring: a thousand of them are sent again whenever one differs.
import type { PeersAnswer } from "../../cluster/notifier.ts";
import { MAX_PEERS, type Peer } from "../../cluster/peer_record.ts";
import type { ListedRelease } from "../../releases/history_list.ts";
import type { RolloutAnswer, Status } from "../daemon_api.ts";
import { type FleetRow, fleetRows, hostsOf, type RowFacts } from "./fleet_rows.ts";
import { fleetVerdict } from "./fleet_verdict.ts";
import { type Markup, markup } from "./markup.ts";
import { rolloutSteps } from "./rollout_steps.ts";
import { ageTag, timeTag } from "./time_tag.ts";

/** The masked facts of the view. */
export interface FleetModel {
  /** Of this host. */
  readonly status: Status;
  readonly peers: PeersAnswer;
  /** The last records of hosts that are gone. */
  readonly lost: readonly Peer[];
  readonly rollout: RolloutAnswer;
  /** Of this host, the newest first. */
  readonly releases: readonly Pick<ListedRelease, "number" | "hash">[];
  /** In milliseconds since 1970. */
  readonly now: number;
}

const NO_ROLLOUT: RolloutAnswer = { ok: true, rollout: null };

/** Renders the fleet. */
export function fleetView({ status, peers, lost, rollout, releases, now }: FleetModel): Markup {
  const hosts = hostsOf(status, peers, lost);
  const candidate = rollout.ok && rollout.rollout?.isUnderWay ? rollout.rollout.hash : null;
  const facts: RowFacts = { mode: status.mode, candidate, now };
  const { text, tone } = fleetVerdict(hosts, {
    ...facts,
    head: status.head?.hash ?? null,
    releases,
    unknown: peers.ok ? null : peers.reason,
    isPart: hosts.length >= MAX_PEERS,
  });
  // If Redis is away the verdict has said so. The place stays, for the page to show the rollout when Redis is back.
  const steps = rolloutSteps(peers.ok ? rollout : NO_ROLLOUT);
  return markup`<h1>Fleet</h1>
<p id="verdict" class="verdict" role="status" data-live><span class="${tone}">${text}</span></p>
${steps}
<div id="hosts" data-live>
<table class="hosts">
<caption>Hosts that are known here, those that need a person first</caption>
<thead><tr><th scope="col">Host</th><th scope="col">Release</th><th scope="col">Standing</th><th scope="col">Since</th>
<th scope="col">Last change</th><th scope="col">Rejected</th><th scope="col">Hooks</th><th scope="col">Version</th>
<th scope="col">Last seen</th></tr></thead>
<tbody>
${fleetRows(hosts, facts).map(rowOf)}</tbody>
</table>
</div>`;
}

function rowOf(row: FleetRow): Markup {
  const { need, standing, since, changed, hooks, version } = row;
  return markup`<tr${need === "person" ? NEEDS_PERSON : ""}><th scope="row">${row.instance}${marksOf(row)}</th>\
<td>${runsOf(row)}</td><td class="${standing.tone}">${standing.text}</td><td>${
    since === null ? "" : timeTag(since)
  }</td>\
<td>${changed === null ? "" : ageTag(changed)}</td><td>${
    rejectionOf(row)
  }</td><td class="${hooks.tone}">${hooks.text}</td><td>${version}</td>\
<td>${seenOf(row)}</td></tr>
`;
}

const NEEDS_PERSON = markup` class="person"`;

function marksOf({ isSelf, isNamesake }: FleetRow): Markup {
  const self = isSelf ? markup` <small>this host</small>` : "";
  return markup`${self}${isNamesake ? markup` <small class="bad">another has this name</small>` : ""}`;
}

function runsOf({ hash, number, release }: FleetRow): Markup {
  if (hash === null) return markup`<span class="bad">nothing</span>`;
  const state = release === null ? "" : markup` <span class="${release.tone}">${release.text}</span>`;
  return markup`${number === null ? "" : `${number} `}<code>${hash}</code>${state}`;
}

function rejectionOf({ rejected }: FleetRow): Markup | "" {
  if (rejected === null) return "";
  const { hash, summary, detail, at } = rejected;
  const named = hash === null ? "" : markup`<code>${hash}</code> `;
  return markup`<span class="bad">${summary}</span> <small>${detail && `${detail} `}${named}${timeTag(at)}</small>`;
}

/** The time of a fresh record differs with each answer, for which the script would replace all rows. */
function seenOf({ isSelf, late }: FleetRow): Markup | string {
  if (isSelf) return "now";
  if (late === null) return "just now";
  return late.kind === "stale"
    ? markup`<span class="warn">${ageTag(late.seen)}</span>`
    : markup`<span class="warn">its clock is ahead: ${timeTag(late.seen)}</span>`;
}
