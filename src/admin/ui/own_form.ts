// The form that a page of the daemon's own sends back: its fields, and the token that proves it.
import { type BodyLimits, readForm } from "../request_body.ts";
import { noticeAnswer } from "./notice.ts";
import { type FormOwner, type FormTokens, TOKEN_FIELD } from "./same_origin.ts";

export type OwnForm =
  | { readonly ok: true; readonly fields: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly answer: Response };

const FOREIGN = "The form is not one of this page, or the daemon was restarted since it was shown: nothing was done. " +
  "Open the page again.";

/** Reads a form that was served to this owner. */
export async function readOwnForm(
  request: Request,
  owner: FormOwner,
  tokens: FormTokens,
  limits: BodyLimits,
): Promise<OwnForm> {
  const read = await readForm(request, limits);
  if (!read.ok) {
    const { status, detail, headers = {} } = read.problem;
    return { ok: false, answer: noticeAnswer(status, `${detail}.`, headers) };
  }
  if (tokens.isRight(owner, read.value.get(TOKEN_FIELD))) return { ok: true, fields: read.value };
  return { ok: false, answer: noticeAnswer(403, FOREIGN) };
}
