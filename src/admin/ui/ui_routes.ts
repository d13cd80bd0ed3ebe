// The page over HTTP: gathers what a view shows, masks it, and answers with the view in the frame of every page.
import { withinLimit } from "../../time/limit.ts";
import { type DaemonApi, EVENT_KINDS } from "../daemon_api.ts";
import type { Comparing } from "../comparing.ts";
import type { AdminLimits } from "../limits.ts";
import type { Route } from "../route.ts";
import { diffPage } from "./diff_page.ts";
import { fleetView } from "./fleet_view.ts";
import { hostView } from "./host_view.ts";
import { masked } from "./masked.ts";
import type { Markup } from "./markup.ts";
import { type Page, pageAnswer, type Tab } from "./page.ts";
import { newestReleases, releasesView } from "./releases_view.ts";

/** All readers together make the daemon ask the store for the same no more often than this. */
const STORE_FRESH_MILLISECONDS = 2_000;

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
export function uiRoutes(api: DaemonApi, limits: AdminLimits, comparing: Comparing): readonly Route[] {
  const peersOf = shared(() => api.peers(), limits);
  const rolloutOf = shared(() => api.rollout(), limits);
  const view = (
    { path, tab, title, liveOn = LIVE_ON }: { path: string; tab: Tab; title: string; liveOn?: readonly string[] },
    show: (request: Request, reader: Reader) => Promise<Pick<Page, "body" | "status">>,
  ): Route => ({
    method: "GET",
    path,
    async answer(request) {
      const reader: Reader = { name: null, signOut: null, mayAct: false };
      const { instance } = masked({ instance: (await api.status()).instance }, api.mask);
      const { signOut } = reader;
      return pageAnswer({ title, tab, instance, liveOn, signOut, ...await show(request, reader) });
    },
  });
  return [
    view({ path: "/ui", tab: "fleet", title: "Fleet" }, async () => {
      const [status, peers, rollout] = await Promise.all([api.status(), peersOf(), rolloutOf()]);
      return { body: fleetView(masked({ status, peers, rollout }, api.mask)) };
    }),
    view({ path: "/ui/releases", tab: "releases", title: "Releases" }, async () => {
      const model = { rollout: await rolloutOf(), ...newestReleases(api.releases()) };
      return { body: releasesView(masked(model, api.mask)) };
    }),
    // It shows one moment: to make it again and again would keep reloads waiting.
    view(
      { path: "/ui/releases/diff", tab: "releases", title: "Differences", liveOn: [] },
      (request) => diffPage(request, api, comparing),
    ),
    view(
      { path: "/ui/host", tab: "host", title: "This host" },
      async () => ({ body: hostView(masked({ status: await api.status() }, api.mask)) }),
    ),
  ];
}

type Unknown = { readonly ok: false; readonly reason: string };

/** Asks the store, once for all that ask within a short time. */
function shared<T>(begin: () => Promise<T>, { answerMilliseconds }: AdminLimits): () => Promise<T | Unknown> {
  let asked: { readonly at: number; readonly answer: Promise<T | Unknown> } | null = null;
  const ask = async (): Promise<T | Unknown> => {
    const answer = await withinLimit(begin(), answerMilliseconds);
    if (answer.ok) return answer.value;
    return { ok: false, reason: `the store did not answer within ${answerMilliseconds / 1000} s` };
  };
  return () => {
    const now = performance.now();
    if (asked === null || now - asked.at > STORE_FRESH_MILLISECONDS) asked = { at: now, answer: ask() };
    return asked.answer;
  };
}
