// The page over HTTP: gathers what a view shows, masks it, and answers with the view in the frame of every page.
import { withinLimit } from "../../time/limit.ts";
import { type DaemonApi, EVENT_KINDS } from "../daemon_api.ts";
import type { AdminLimits } from "../limits.ts";
import type { Route } from "../route.ts";
import { type FleetModel, fleetView } from "./fleet_view.ts";
import { hostView } from "./host_view.ts";
import { masked } from "./masked.ts";
import type { Markup } from "./markup.ts";
import { pageAnswer, type Tab } from "./page.ts";
import { releasesView } from "./releases_view.ts";

/** All readers together make the daemon ask for the peers no more often than this. */
const PEERS_FRESH_MILLISECONDS = 2_000;

/** An event stream says `reset` if it cannot go on where it was. */
const LIVE_ON = [...EVENT_KINDS, "reset"];

/** The person in front of the page. */
export interface Reader {
  /** Null: not known, as over the socket. */
  readonly name: string | null;
  /** Ends the session; null: there is none. */
  readonly signOut: Markup | null;
  /** Whether actions are offered. */
  readonly mayAct: boolean;
}

/** `GET /ui`, `/ui/releases`, `/ui/releases/diff` and `/ui/host`. */
export function uiRoutes(api: DaemonApi, limits: AdminLimits): readonly Route[] {
  const peersOf = sharedPeers(api, limits);
  const view = (path: string, tab: Tab, title: string, body: (reader: Reader) => Promise<Markup>): Route => ({
    method: "GET",
    path,
    async answer() {
      const reader: Reader = { name: null, signOut: null, mayAct: false };
      const { instance } = masked({ instance: (await api.status()).instance }, api.mask);
      const { signOut } = reader;
      return pageAnswer({ title, tab, instance, liveOn: LIVE_ON, signOut, body: await body(reader) });
    },
  });
  return [
    view("/ui", "fleet", "Fleet", async () => {
      const [status, peers] = await Promise.all([api.status(), peersOf()]);
      return fleetView(masked({ status, peers }, api.mask));
    }),
    view("/ui/releases", "releases", "Releases", () => {
      const releases = api.releases();
      return Promise.resolve(releasesView(masked({ releases }, api.mask)));
    }),
    view("/ui/host", "host", "This host", async () => hostView(masked({ status: await api.status() }, api.mask))),
  ];
}

/** Asks for the peers, once for all that ask within a short time. */
function sharedPeers(api: DaemonApi, limits: AdminLimits): () => Promise<FleetModel["peers"]> {
  let asked: { readonly at: number; readonly answer: Promise<FleetModel["peers"]> } | null = null;
  const ask = async (): Promise<FleetModel["peers"]> => {
    const answer = await withinLimit(api.peers(), limits.answerMilliseconds);
    if (answer.ok) return answer.value;
    return { ok: false, reason: `the store did not answer within ${limits.answerMilliseconds / 1000} s` };
  };
  return () => {
    const now = performance.now();
    if (asked === null || now - asked.at > PEERS_FRESH_MILLISECONDS) asked = { at: now, answer: ask() };
    return asked.answer;
  };
}
