// All hosts of the fleet, those that need a person first.
import { html } from "hono/html";
import type { PeersAnswer } from "../../cluster/notifier.ts";
import type { Status } from "../daemon_api.ts";
import type { Markup } from "./page.ts";
import { timeTag } from "./time_tag.ts";

/** What the view shows, masked. */
export interface FleetModel {
  /** Of this host. */
  readonly status: Status;
  readonly peers: PeersAnswer;
}

/** Renders the fleet. */
export function fleetView({ peers }: FleetModel): Markup {
  const rows = peers.ok ? peers.peers : [];
  return html`
    <h1>Fleet</h1>
    <div id="fleet" data-live>
      <table>
        <thead>
          <tr>
            <th scope="col">Host</th>
            <th scope="col">Runs</th>
            <th scope="col">Last seen</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map((peer) =>
            html`
              <tr>
                <th scope="row">${peer.instance}</th>
                <td data-label="Runs"><code>${peer.hash?.slice(0, 8) ?? "–"}</code></td>
                <td data-label="Last seen">${timeTag(peer.at)}</td>
              </tr>
            `
          )}
        </tbody>
      </table>
    </div>
  `;
}
