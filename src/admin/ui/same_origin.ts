// Judges from which site a request of a browser comes. A browser carries a reader's cookie, and reaches a forwarded
// socket, for any page that the reader has open. So a change needs the page's own `Origin` and a token that only this
// page has seen.
import { createHmac, timingSafeEqual } from "node:crypto";

/** Names of the reader's own host, each with any port. */
const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/**
 * Whether a request to the unix socket is for a name that no one else can own. A browser that reaches the socket through
 * `ssh -L` under another name was led there by that name's DNS (rebinding), and its page would read every answer.
 *
 * @param host the header `Host`; null: there is none, so no browser asks.
 */
export function isLoopbackHost(host: string | null): boolean {
  return host === null || LOOPBACK_HOST.test(host);
}

/**
 * The origin of a page that the daemon serves (RFC 6454, section 6.2); null: a request without `Host` has none. A URL
 * of the unix socket begins with `http+unix`; its origin is that of the forwarded port.
 */
export function originOf({ url, headers }: Pick<Request, "url" | "headers">): string | null {
  const host = headers.get("Host");
  return host === null ? null : `${url.startsWith("https:") ? "https" : "http"}://${host.toLowerCase()}`;
}

/** Whether the request says that a page of the daemon's own sent it. A browser adds `Origin` to every POST. */
export function isFromOwnPage(request: Pick<Request, "url" | "headers">): boolean {
  const origin = request.headers.get("Origin");
  return origin !== null && origin.toLowerCase() === originOf(request);
}

/** The place of a form: a session by its id, or a place without one. */
export type FormOwner =
  | { readonly kind: "session"; readonly id: string }
  /** `socket`: no sign-in is needed; `bearer`: each request has the token; `sign-in`: there is no session yet. */
  | { readonly kind: "socket" | "bearer" | "sign-in" };

/** The name of the field with the token. */
export const TOKEN_FIELD = "csrf";

/** The tokens that forms carry back. */
export interface FormTokens {
  make(owner: FormOwner): string;
  /** Takes the same time for every token of the right length; undefined: there is none. */
  isRight(owner: FormOwner, token: string | undefined): boolean;
}

/** @param key random bytes of this process. */
export function formTokens(key: Uint8Array): FormTokens {
  const digest = (owner: FormOwner) =>
    createHmac("sha256", key).update(owner.kind === "session" ? `session ${owner.id}` : owner.kind).digest();
  return {
    make: (owner) => digest(owner).toString("base64url"),
    isRight(owner, token) {
      const given = new TextEncoder().encode(token);
      const right = new TextEncoder().encode(digest(owner).toString("base64url"));
      return given.length === right.length && timingSafeEqual(given, right);
    },
  };
}
