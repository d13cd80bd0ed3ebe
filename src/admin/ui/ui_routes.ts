// The page over HTTP: gathers the facts of a view, masks them, and answers with the view in the frame of every page.
import { type DaemonApi, EVENT_KINDS, type Status } from "../daemon_api.ts";
import type { Comparing } from "../comparing.ts";
import type { Visit } from "./access.ts";
import { actionLinks, type ActionName } from "./confirmation_view.ts";
import { MAX_SHOWN_DIAGNOSTICS, withDiagnostics } from "./diagnostics_view.ts";
import { diffPage } from "./diff_page.ts";
import { targetsOf } from "./consequences.ts";
import { fleetView } from "./fleet_view.ts";
import { hostView } from "./host_view.ts";
import { masked } from "./masked.ts";
import type { Markup } from "./markup.ts";
import { livePageAnswer, type Page, type Tab } from "./page.ts";
import { newestReleases, releasesView } from "./releases_view.ts";
import type { SharedFacts } from "./shared_facts.ts";
import type { UiRoute } from "./ui_route.ts";

/** An event stream says `reset` if it cannot go on from the last event. */
const LIVE_ON = [...EVENT_KINDS, "reset"];

/** The actions that each view offers at its top. */
const ACTIONS_OF: Readonly<Record<Tab, readonly ActionName[]>> = {
  fleet: ["rollback", "promote"],
  releases: ["rollback", "promote"],
  host: ["reload", "hold", "release-hold"],
};

/** Whether there is anything for an action to act on. */
function isOffered(action: ActionName, { hold, rollout }: Status): boolean {
  if (action === "promote") return rollout !== null && rollout.isUnderWay;
  return action !== "release-hold" || hold !== null;
}

/** The person in front of the page. */
export interface Reader {
  /** Null: not known, as over the socket. */
  readonly name: string | null;
  /** Ends the session; null: there is none. */
  readonly signOut: Markup | null;
  /** Whether actions are offered. */
  readonly mayAct: boolean;
}

export interface ViewSettings {
  readonly api: DaemonApi;
  readonly comparing: Comparing;
  readonly facts: SharedFacts;
  readonly readerOf: (visit: Visit) => Reader;
}

/** `GET /ui`, `/ui/releases`, `/ui/releases/diff` and `/ui/host`. */
export function uiRoutes({ api, comparing, facts, readerOf }: ViewSettings): readonly UiRoute[] {
  const { peersOf, lost, rolloutOf } = facts;
  const view = (
    { path, tab, title, liveOn = LIVE_ON }: { path: string; tab: Tab; title: string; liveOn?: readonly string[] },
    show: (status: Status, request: Request, reader: Reader) => Promise<Pick<Page, "body" | "status">>,
  ): UiRoute => ({
    method: "GET",
    path,
    async answer(request, visit) {
      const reader = readerOf(visit);
      const status = await api.status();
      const { instance } = masked({ instance: status.instance }, api.mask);
      const { signOut, mayAct } = reader;
      const actions = actionLinks(ACTIONS_OF[tab].filter((one) => isOffered(one, status)), mayAct);
      const shown = await show(status, request, reader);
      return livePageAnswer({ title, tab, instance, liveOn, signOut, actions, ...shown }, request);
    },
  });
  return [
    view({ path: "/ui", tab: "fleet", title: "Fleet" }, async (status) => {
      const [peers, rollout] = await Promise.all([peersOf(), rolloutOf()]);
      const releases = api.releases().map(({ number, hash }) => ({ number, hash }));
      const own = { ...masked(withDiagnostics(status, 0), api.mask), releases };
      return { body: fleetView({ ...own, peers, lost: lost(), rollout, now: Date.now() }) };
    }),
    view({ path: "/ui/releases", tab: "releases", title: "Releases" }, async ({ source }, _request, { mayAct }) => {
      const all = api.releases();
      const targets = mayAct ? targetsOf(all).map(({ number }) => number) : [];
      const own = { ...masked(newestReleases(all), api.mask), targets, hasFile: source !== null };
      return { body: releasesView({ ...own, rollout: await rolloutOf() }) };
    }),
    // It shows one moment: to make it again and again would keep reloads waiting.
    view(
      { path: "/ui/releases/diff", tab: "releases", title: "Differences", liveOn: [] },
      (_status, request) => diffPage(request, api, comparing),
    ),
    view({ path: "/ui/host", tab: "host", title: "This host" }, (status) => {
      const own = masked(withDiagnostics(status, MAX_SHOWN_DIAGNOSTICS), api.mask);
      return Promise.resolve({ body: hostView({ ...own, figures: api.recent() }) });
    }),
  ];
}
