// The page before an action, which states its consequence and asks for the person's name and reason, and the page after
// it. Both work without the script. Models are masked.
import { AUTHOR, REASON } from "../request_members.ts";
import type { Outcome } from "./carry_out.ts";
import { type ActionState, type Choice, type Consequence, isRolloutUnderWay, targetsOf } from "./consequences.ts";
import { diagnosticsList } from "./diagnostics_view.ts";
import { type Markup, markup } from "./markup.ts";
import { pageAnswer, type Tab } from "./page.ts";
import { TOKEN_FIELD } from "./same_origin.ts";
import { shortHash } from "./hash_tag.ts";

interface Action {
  readonly title: string;
  /** Of a link to it. */
  readonly link: string;
  readonly tab: Tab;
  /** The view to go back to. */
  readonly back: string;
  readonly backLabel: string;
  /** `none`: the daemon takes no reason. */
  readonly reason: "required" | "optional" | "none";
  /** The title when it is done, and when it is not. */
  readonly done: string;
  readonly notDone: string;
}

const HOST = { tab: "host", back: "/ui/host", backLabel: "To this host" } as const;
const RELEASES = { tab: "releases", back: "/ui/releases", backLabel: "To the releases" } as const;

/** The actions by their names in paths. */
export const ACTIONS = {
  reload: {
    ...HOST,
    title: "Look at the source again",
    link: "Look again now",
    reason: "optional",
    done: "Looked again",
    notDone: "Not taken up",
  },
  rollback: {
    ...RELEASES,
    title: "Roll back",
    link: "Roll back",
    reason: "required",
    done: "Rolled back",
    notDone: "Not rolled back",
  },
  promote: {
    ...RELEASES,
    title: "Promote the rollout",
    link: "Promote the rollout",
    reason: "required",
    done: "Promoted",
    notDone: "Not promoted",
  },
  hold: {
    ...HOST,
    title: "Hold changes",
    link: "Hold changes",
    reason: "required",
    done: "Held",
    notDone: "Not held",
  },
  "release-hold": {
    ...HOST,
    title: "End the hold",
    link: "End the hold",
    reason: "none",
    done: "The hold has ended",
    notDone: "No hold was ended",
  },
} as const satisfies Readonly<Record<string, Action>>;

export type ActionName = keyof typeof ACTIONS;

export interface ConfirmationModel {
  readonly action: ActionName;
  /** Null: the person has to choose first. */
  readonly choice: Choice | null;
  readonly consequence: Consequence | null;
  readonly state: ActionState;
  /** The form's token. */
  readonly csrf: string;
  readonly name: string;
  readonly reason: string;
  /** The chosen length of a hold, one of {@linkcode HOLDS}. */
  readonly hours: string;
  /** Ends the session; null: there is none. */
  readonly signOut: Markup | null;
  /** Why a form that was sent did nothing; empty: none was sent. */
  readonly trouble: string;
  readonly status: number;
}

/** The lengths of a hold that are offered, in hours. */
export const HOLDS = [["1", "1 hour"], ["4", "4 hours"], ["24", "24 hours"]] as const;

/** Further ones are reached with the command line. */
const MAX_TARGETS = 100;

/** Answers with the consequence and the question. */
export function confirmationAnswer(model: ConfirmationModel): Response {
  const { action, choice, consequence, state: { status: { instance } }, signOut, trouble, status } = model;
  const { title, tab, back } = ACTIONS[action];
  const body = markup`<h1>${title}</h1>
${trouble === "" ? "" : markup`<p class="trouble" role="alert">${trouble}</p>`}
${choosing(model)}
${consequence === null ? unchosen(model) : markup`<p id="consequence" class="consequence">${consequence.sentence}</p>`}
${choice !== null && consequence?.isPossible ? confirming(model, choice, consequence) : ""}
<p><a href="${back}">Back, without doing anything</a></p>`;
  return pageAnswer({ title, tab, instance, liveOn: [], signOut, body, status });
}

/** Why no release is chosen for the person; perhaps no rollback is meant. */
function unchosen({ action, state: { status: { undo }, releases } }: ConfirmationModel): Markup | string {
  if (action !== "rollback" || undo.why === null || targetsOf(releases).length === 0) return "";
  return markup`<p class="consequence">No release is chosen. ${undo.why}.</p>`;
}

function confirming(model: ConfirmationModel, choice: Choice, { basis }: Consequence): Markup {
  const { action, csrf, name, reason, state: { status: { instance } } } = model;
  const { reason: isAsked } = ACTIONS[action];
  const fields = { [TOKEN_FIELD]: csrf, basis, ...chosenFields(choice) };
  return markup`<form method="post" action="/ui/actions/${action}" class="stacked" aria-describedby="consequence">
${Object.entries(fields).map(([field, value]) => markup`<input type="hidden" name="${field}" value="${value}">`)}
${action === "hold" ? radios("hours", "How long", model.hours, HOLDS) : ""}
<label for="name">Your name, for the journal</label>
<input id="name" name="name" value="${name}" maxlength="${AUTHOR.maxLength}" required autocomplete="username">
${isAsked === "none" ? "" : reasonField(reason, isAsked === "required")}
<button>${buttonOf(choice, instance)}</button>
</form>`;
}

/** With the choice, because another one may be selected above by now, which was not sent. */
function buttonOf(choice: Choice, instance: string): string {
  switch (choice.action) {
    case "reload":
      return "Look again now";
    case "rollback": {
      const { to, isLocal } = choice;
      if (to === null) return "End the rollout";
      return isLocal ? `Roll only ${instance} back to release ${to}` : `Roll back to release ${to}`;
    }
    case "promote":
      return choice.full ? "Let all hosts in" : "Let the next step in";
    case "hold":
      return "Hold";
    case "release-hold":
      return "End the hold";
  }
}

function reasonField(reason: string, isRequired: boolean): Markup {
  const required = isRequired ? markup` required` : "";
  return markup`<label for="reason">${isRequired ? "Reason" : "Reason, if you want to give one"}</label>
<input id="reason" name="reason" value="${reason}" maxlength="${REASON.maxLength}" autocomplete="off"${required}>`;
}

/** The choice as the fields of a form and the parameters of an address have it. */
function chosenFields(choice: Choice): Readonly<Record<string, string>> {
  switch (choice.action) {
    case "rollback":
      return { to: choice.to === null ? "rollout" : String(choice.to), scope: choice.isLocal ? "host" : "fleet" };
    case "promote":
      return { to: choice.full ? "full" : "next" };
    default:
      return {};
  }
}

/** The form that changes the choice. It only asks for this page again, with another sentence. */
function choosing({ action, choice, state }: ConfirmationModel): Markup | string {
  if (action !== "rollback" && action !== "promote") return "";
  if (action === "rollback" && targetsOf(state.releases).length === 0 && !isRolloutUnderWay(state)) {
    return markup`<p class="consequence">There is no other release to go back to.</p>`;
  }
  const chosen = choice === null ? {} : chosenFields(choice);
  const fields = action === "rollback"
    ? rollbackChoices(chosen, state)
    : radios("to", "How far", chosen["to"] ?? "next", [["next", "the hosts of the next step"], ["full", "all hosts"]]);
  return markup`<form method="get" action="/ui/actions/${action}" class="stacked choosing">
${fields}
<button class="quiet">Show the consequence</button>
</form>`;
}

function rollbackChoices({ to, scope = "fleet" }: Readonly<Record<string, string>>, state: ActionState): Markup {
  const { releases, status: { mode, instance } } = state;
  const option = (value: string, label: string) =>
    markup`<option value="${value}"${to === value ? markup` selected` : ""}>${label}</option>`;
  const targets = targetsOf(releases).slice(0, MAX_TARGETS).map(({ number, hash, at, state }) =>
    option(String(number), `release ${number} (${shortHash(hash)}), ${state}, of ${at.slice(0, 10)}`)
  );
  const scopes = [["fleet", "on all hosts"], ["host", `only on ${instance}`]] as const;
  return markup`<label for="to">Go back to</label>
<select id="to" name="to">
${isRolloutUnderWay(state) ? option("rollout", "the configuration before the rollout under way") : ""}
${targets}
</select>
${mode === "alone" ? "" : radios("scope", "Where", scope, scopes)}`;
}

function radios(
  name: string,
  legend: string,
  chosen: string,
  options: readonly (readonly [value: string, label: string])[],
): Markup {
  const radio = ([value, label]: readonly [string, string]) => {
    const checked = value === chosen ? markup` checked` : "";
    return markup`<label><input type="radio" name="${name}" value="${value}"${checked}> ${label}</label>`;
  };
  return markup`<fieldset>
<legend>${legend}</legend>
${options.map(radio)}
</fieldset>`;
}

export interface OutcomeModel {
  readonly action: ActionName;
  readonly outcome: Outcome;
  readonly instance: string;
  /** Ends the session; null: there is none. */
  readonly signOut: Markup | null;
}

/** Answers with the outcome. */
export function outcomeAnswer({ action, outcome, instance, signOut }: OutcomeModel): Response {
  const { done, notDone, tab, back, backLabel } = ACTIONS[action];
  const { isDone, status, sentences, diagnostics } = outcome;
  const title = outcome.title ?? (isDone ? done : notDone);
  const body = markup`<h1>${title}</h1>
${sentences.map((sentence) => markup`<p>${sentence}</p>`)}
${diagnostics.length === 0 ? "" : diagnosticsList(diagnostics)}
<p><a href="${back}">${backLabel}</a></p>`;
  return pageAnswer({ title, tab, instance, liveOn: [], signOut, body, status });
}

/** Links to actions for a view to place. Each leads to a confirmation; null: the reader may not act. */
export function actionLinks(actions: readonly ActionName[], mayAct: boolean): Markup | null {
  if (!mayAct) return null;
  const links = actions.map((one) => markup`<li><a href="/ui/actions/${one}">${ACTIONS[one].link}</a></li>`);
  return markup`<nav class="actions" aria-label="Actions"><ul>${links}</ul></nav>`;
}

/** A link to the confirmation of a rollback to a release. Only a page that offers actions has one. */
export function rollbackLink(number: number): Markup {
  return markup`<a href="/ui/actions/rollback?to=${number}" aria-label="Roll back to release ${number}">roll back</a>`;
}
