// The form by which a reader signs in over TCP. It tells nothing about the daemon, and works without the script.
import { MAX_TOKEN_FILE_BYTES } from "../auth.ts";
import { AUTHOR } from "../request_members.ts";
import { type Markup, markup } from "./markup.ts";
import { pageAnswer } from "./page.ts";
import { TOKEN_FIELD } from "./same_origin.ts";

export const SIGN_IN_PATH = "/ui/sign-in";
export const SIGN_OUT_PATH = "/ui/sign-out";

export interface SignInModel {
  /** The form's token. */
  readonly csrf: string;
  /** As it was given before; empty: it was not. */
  readonly name: string;
  /** A sentence; null: there is nothing to say. */
  readonly trouble: string | null;
  readonly status: number;
}

/** Answers with the form. */
export function signInAnswer({ csrf, name, trouble, status }: SignInModel): Response {
  const body = markup`<h1>Sign in</h1>
${trouble === null ? "" : markup`<p class="trouble" role="alert">${trouble}</p>`}
<form method="post" action="${SIGN_IN_PATH}" class="stacked">
<input type="hidden" name="${TOKEN_FIELD}" value="${csrf}">
<label for="name">Your name, for the journal</label>
<input id="name" name="name" value="${name}" maxlength="${AUTHOR.maxLength}" required autocomplete="username">
<label for="token">The token of the admin interface</label>
<input id="token" name="token" type="password" maxlength="${MAX_TOKEN_FILE_BYTES}" required autocomplete="current-password">
<button>Sign in</button>
</form>`;
  return pageAnswer({ title: "Sign in", tab: null, instance: null, liveOn: [], signOut: null, body, status });
}

/** The form that ends a session. */
export function signOutForm(name: string, csrf: string): Markup {
  return markup`<form method="post" action="${SIGN_OUT_PATH}" class="sign-out">
<input type="hidden" name="${TOKEN_FIELD}" value="${csrf}">
<span>${name}</span> <button class="quiet">Sign out</button>
</form>`;
}
