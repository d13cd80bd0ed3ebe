// The actions that a person takes on the page. GET shows the consequence and asks; POST does it by the same calls as
// the command line and shows the answer as a sentence.
import { withinLimit } from "../../time/limit.ts";
import type { DaemonApi } from "../daemon_api.ts";
import type { AdminLimits } from "../limits.ts";
import { AUTHOR, readMembers, REASON } from "../request_members.ts";
import type { Visit } from "./access.ts";
import { carryOut, type Ordered } from "./carry_out.ts";
import { type ActionName, ACTIONS, confirmationAnswer, HOLDS, outcomeAnswer } from "./confirmation_view.ts";
import { type ActionState, type ChangePolicy, type Choice, consequenceOf, isRolloutUnderWay } from "./consequences.ts";
import { withDiagnostics } from "./diagnostics_view.ts";
import type { Markup } from "./markup.ts";
import { masked } from "./masked.ts";
import { noticeAnswer } from "./notice.ts";
import { readOwnForm } from "./own_form.ts";
import type { FormTokens } from "./same_origin.ts";
import { inTime } from "./shared_facts.ts";
import type { UiRoute } from "./ui_route.ts";

export interface ActionSettings {
  readonly api: DaemonApi;
  readonly limits: AdminLimits;
  readonly tokens: FormTokens;
  /** As the views have them, masked. */
  readonly peers: () => Promise<ActionState["peers"]>;
  readonly now: () => Date;
  readonly policy: ChangePolicy;
  /** The form that ends the session of a visit; null: there is none. */
  readonly signOutOf: (visit: Visit) => Markup | null;
}

/** The value of a field or a parameter; null: it is not there. */
type Given = (name: string) => string | null;

/** `GET` and `POST /ui/actions/reload`, `rollback`, `promote`, `hold` and `release-hold`. */
export function actionRoutes(settings: ActionSettings): readonly UiRoute[] {
  let running = 0;
  const { limits } = settings;
  return (Object.keys(ACTIONS) as ActionName[]).flatMap((action): UiRoute[] => {
    const path = `/ui/actions/${action}`;
    return [
      { method: "GET", path, answer: (request, visit) => confirm(action, request, visit, settings) },
      {
        method: "POST",
        path,
        async answer(request, visit) {
          if (running >= limits.maxReloads) {
            return noticeAnswer(503, `${limits.maxReloads} requests wait already: nothing was done. Try it again.`);
          }
          running++;
          return await act(action, request, visit, settings, () => void running--);
        },
      },
    ];
  });
}

async function confirm(
  action: ActionName,
  request: Request,
  visit: Visit,
  settings: ActionSettings,
): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const state = await stateOf(settings);
  const choice = readChoice(action, (name) => searchParams.get(name), state);
  const isUnreadable = choice === null && (searchParams.get("to") ?? "") !== "";
  const refused = isUnreadable ? { trouble: "That is the number of no release: choose one.", status: 422 } : {};
  return answerWith({ action, choice, state, visit, settings, ...refused });
}

interface Asked {
  readonly action: ActionName;
  /** Null: the person has to choose first. */
  readonly choice: Choice | null;
  readonly state: ActionState;
  readonly visit: Visit;
  readonly settings: ActionSettings;
  /** The fields of a form that was sent; default: none was. */
  readonly fields?: ReadonlyMap<string, string>;
  /** Why a form that was sent did nothing, in a sentence; default: none was. */
  readonly trouble?: string;
  readonly status?: number;
}

function answerWith({ action, choice, state, visit, settings, fields, trouble = "", status = 200 }: Asked): Response {
  return confirmationAnswer({
    action,
    choice,
    state,
    consequence: choice === null ? null : consequenceOf(choice, state),
    csrf: settings.tokens.make(visit.owner),
    name: fields?.get("name") ?? visit.name ?? "",
    reason: fields?.get("reason") ?? "",
    hours: hoursOf(fields) ?? HOLDS[0][0],
    signOut: settings.signOutOf(visit),
    trouble,
    status,
  });
}

/** @param onEnd is called when the order has ended, which may be after the answer. */
async function act(
  action: ActionName,
  request: Request,
  visit: Visit,
  settings: ActionSettings,
  onEnd: () => void,
): Promise<Response> {
  const { api, tokens, limits, now } = settings;
  let ordered: Ordered | null = null;
  try {
    const read = await readOwnForm(request, visit.owner, tokens, limits);
    if (!read.ok) return read.answer;
    const { fields } = read;
    const state = await stateOf(settings);
    const choice = readChoice(action, (name) => fields.get(name) ?? null, state);
    const again = (trouble: string, status: number) =>
      answerWith({ action, choice, state, visit, settings, fields, trouble, status });
    if (choice === null) return again("Nothing was done: choose first.", 422);
    const consequence = consequenceOf(choice, state);
    if (!consequence.isPossible) return again("Nothing was done.", 409);
    if (fields.get("basis") !== consequence.basis) {
      return again("Nothing was done: the state is another than the page showed. This is the consequence now.", 409);
    }
    const person = readPerson(action, fields);
    if (!person.ok) return again(`Nothing was done: ${person.trouble}.`, 422);
    const { author, reason } = person;
    const { instance } = state.status;
    const hours = hoursOf(fields);
    if (action === "hold" && hours === null) return again("Nothing was done: choose how long.", 422);
    const until = now().getTime() + Number(hours) * 3_600_000;
    ordered = carryOut({ choice, author, reason, until }, api, instance, limits);
    const ended = await withinLimit(ordered.outcome, ordered.limitMilliseconds, request.signal);
    const outcome = masked(ended.ok ? ended.value : ordered.overdue, api.mask);
    return outcomeAnswer({ action, outcome, instance, signOut: settings.signOutOf(visit) });
  } finally {
    if (ordered === null) onEnd();
    else void ordered.outcome.then(onEnd, onEnd);
  }
}

async function stateOf({ api, limits, peers, policy }: ActionSettings): Promise<ActionState> {
  const [status, all, rollout] = await Promise.all([api.status(), peers(), inTime(api.rollout(), limits)]);
  const own = { ...withDiagnostics(status, 0), releases: api.releases(), rollout };
  return { ...masked(own, api.mask), peers: all, policy };
}

/** Reads the choice from the address of the confirmation or from its form; null: the person has to choose. */
function readChoice(action: ActionName, given: Given, state: ActionState): Choice | null {
  switch (action) {
    case "rollback": {
      const to = given("to") ?? "";
      const isLocal = given("scope") === "host";
      // As `honua-configd rollback` has it without a number.
      if (to === "rollout" || (to === "" && !isLocal && isRolloutUnderWay(state))) {
        return { action, to: null, isLocal: false };
      }
      const number = /^[1-9]\d{0,15}$/.test(to) ? Number(to) : to === "" ? state.status.undo.to : null;
      return number === null ? null : { action, to: number, isLocal };
    }
    case "promote":
      return { action, full: given("to") === "full" };
    default:
      return { action };
  }
}

type PersonRead =
  | { readonly ok: true; readonly author: string; readonly reason: string | null }
  | { readonly ok: false; readonly trouble: string };

/** The same bounds as those of the routes for programs. */
function readPerson(action: ActionName, fields: ReadonlyMap<string, string>): PersonRead {
  const [author, reason] = [(fields.get("name") ?? "").trim(), (fields.get("reason") ?? "").trim()];
  if (author === "") return { ok: false, trouble: "your name must be given" };
  const { reason: isAsked } = ACTIONS[action];
  if (reason === "" && isAsked === "required") return { ok: false, trouble: "the reason must be given" };
  const read = readMembers(
    { name: author, reason: reason === "" ? null : reason },
    { name: AUTHOR, reason: REASON },
    "it",
  );
  if (!read.ok) return { ok: false, trouble: read.problem.detail };
  return { ok: true, author, reason: isAsked === "none" || reason === "" ? null : reason };
}

/** The chosen length of a hold; null: none of those that are offered. */
function hoursOf(fields: ReadonlyMap<string, string> | undefined): string | null {
  return HOLDS.find(([one]) => fields?.get("hours") === one)?.[0] ?? null;
}
