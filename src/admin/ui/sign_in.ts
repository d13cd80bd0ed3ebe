// The beginning and the end of a session.
import type { ConnectionBindings } from "../connections.ts";
import type { AdminLimits } from "../limits.ts";
import { AUTHOR, readMembers } from "../request_members.ts";
import { cookieFor, type Visit } from "./access.ts";
import { readOwnForm } from "./own_form.ts";
import { noticeAnswer, seeOther } from "./notice.ts";
import type { FormTokens } from "./same_origin.ts";
import type { Sessions } from "./sessions.ts";
import { SIGN_IN_PATH, SIGN_OUT_PATH, signInAnswer } from "./sign_in_view.ts";
import type { UiRoute } from "./ui_route.ts";

export interface SignInSettings {
  readonly sessions: Sessions;
  readonly tokens: FormTokens;
  readonly limits: AdminLimits;
}

const OWNER = { kind: "sign-in" } as const;

/** `GET` and `POST /ui/sign-in`, and `POST /ui/sign-out`. */
export function signInRoutes({ sessions, tokens, limits }: SignInSettings): readonly UiRoute[] {
  const form = (name: string, trouble: string | null, status: number) =>
    signInAnswer({ csrf: tokens.make(OWNER), name, trouble, status });
  const signIn = async (request: Request, { owner }: Visit, { authorize }: ConnectionBindings) => {
    if (authorize === null) return seeOther("/ui");
    const read = await readOwnForm(request, OWNER, tokens, limits);
    if (!read.ok) return read.answer;
    const given = { name: (read.fields.get("name") ?? "").trim(), token: (read.fields.get("token") ?? "").trim() };
    const members = readMembers({ name: given.name }, { name: AUTHOR }, "the form");
    if (!members.ok) return form(given.name, `Your name: ${members.problem.detail}.`, 422);
    const refusal = await authorize(`Bearer ${given.token}`);
    if (refusal?.status === 401) {
      const answer = form(given.name, "The token is not the right one.", 401);
      // RFC 9110, section 15.5.2: a 401 names a challenge. Browsers ask for nothing because of this one.
      for (const [name, value] of Object.entries(refusal.headers ?? {})) answer.headers.set(name, value);
      return answer;
    }
    if (refusal !== null) return form(given.name, `${refusal.detail}.`, refusal.status);
    if (owner.kind === "session") sessions.end(owner.id);
    return seeOther("/ui", cookieFor(sessions.begin(given), request));
  };
  const signOut = async (request: Request, { owner }: Visit) => {
    const read = await readOwnForm(request, owner, tokens, limits);
    if (!read.ok) return read.answer;
    if (owner.kind !== "session") return noticeAnswer(409, "There is no session here to end.");
    sessions.end(owner.id);
    return seeOther(SIGN_IN_PATH, cookieFor("", request));
  };
  return [
    {
      method: "GET",
      path: SIGN_IN_PATH,
      answer: (_request, { owner }) => owner.kind === OWNER.kind ? form("", null, 200) : seeOther("/ui"),
    },
    { method: "POST", path: SIGN_IN_PATH, answer: signIn },
    { method: "POST", path: SIGN_OUT_PATH, answer: signOut },
  ];
}
