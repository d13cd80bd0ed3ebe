// The page as a whole: its gate, its sessions and its routes.
import { randomBytes } from "node:crypto";
import type { Comparing } from "../comparing.ts";
import type { DaemonApi } from "../daemon_api.ts";
import type { AdminLimits } from "../limits.ts";
import type { Answers } from "../problem.ts";
import { type Admit, openAccess, type Visit } from "./access.ts";
import { actionRoutes } from "./actions.ts";
import type { ChangePolicy } from "./consequences.ts";
import { formTokens } from "./same_origin.ts";
import { openSharedFacts } from "./shared_facts.ts";
import { openSessions } from "./sessions.ts";
import { signInRoutes } from "./sign_in.ts";
import { signOutForm } from "./sign_in_view.ts";
import type { UiRoute } from "./ui_route.ts";
import { type Reader, uiRoutes } from "./ui_routes.ts";

export interface UiSettings {
  readonly api: DaemonApi;
  readonly answers: Answers;
  readonly limits: AdminLimits;
  /** For the page of a diff. */
  readonly comparing: Comparing;
  readonly now: () => Date;
  /** Monotonic milliseconds. */
  readonly uptime: () => number;
  /** Whether actions are offered; otherwise there is nothing under their paths. */
  readonly mayAct: boolean;
  /** For the consequences of actions. */
  readonly policy: ChangePolicy;
}

export interface Ui {
  readonly admit: Admit;
  readonly routes: readonly UiRoute[];
}

const KEY_BYTES = 32;

export function openUi({ api, answers, limits, comparing, now, uptime, mayAct, policy }: UiSettings): Ui {
  const sessions = openSessions({ now: uptime });
  const tokens = formTokens(randomBytes(KEY_BYTES));
  const facts = openSharedFacts(api, limits);
  const signOutOf = ({ owner, name }: Visit) =>
    owner.kind === "session" ? signOutForm(api.mask(name ?? ""), tokens.make(owner)) : null;
  const readerOf = (visit: Visit): Reader => ({ name: visit.name, signOut: signOutOf(visit), mayAct });
  return {
    admit: openAccess({ sessions, tokens, answers }),
    routes: [
      ...signInRoutes({ sessions, tokens, limits }),
      ...uiRoutes({ api, comparing, facts, readerOf }),
      ...mayAct ? actionRoutes({ api, limits, tokens, peers: facts.peersOf, now, policy, signOutOf }) : [],
    ],
  };
}
