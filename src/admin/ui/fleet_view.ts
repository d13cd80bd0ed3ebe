// All hosts of the fleet, those that need a person first.
import type { Peer } from "../../cluster/peer_record.ts";
import type { PeersAnswer } from "../../cluster/notifier.ts";
import type { RolloutAnswer, Status } from "../daemon_api.ts";
import { type Markup, markup } from "./markup.ts";
import { rolloutSteps } from "./rollout_steps.ts";
import { timeTag } from "./time_tag.ts";

/** What the view shows, masked. */
export interface FleetModel {
  /** Of this host. */
  readonly status: Status;
  readonly peers: PeersAnswer;
  readonly rollout: RolloutAnswer;
}

/** Renders the fleet. */
export function fleetView({ peers, rollout }: FleetModel): Markup {
  const rows = peers.ok ? peers.peers : [];
  return markup`<h1>Fleet</h1>
${rolloutSteps(rollout)}
<div id="fleet" data-live>
<table>
<thead><tr><th scope="col">Host</th><th scope="col">Runs</th><th scope="col">Last seen</th></tr></thead>
<tbody>
${rows.map(rowOf)}
</tbody>
</table>
</div>`;
}

function rowOf({ instance, hash, at }: Peer): Markup {
  return markup`<tr><th scope="row">${instance}</th>
<td data-label="Runs"><code>${hash?.slice(0, 8) ?? "–"}</code></td>
<td data-label="Last seen">${timeTag(at)}</td></tr>
`;
}
