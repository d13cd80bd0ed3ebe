// The socket needs no token. If a reader forwards it to a port of the reader's computer, each website in that
// computer's browser can send to it. So requests from the pages of websites are refused.
import type { Problem } from "./problem.ts";
import { isFromOwnPage } from "./ui/same_origin.ts";

/** A name of one part, an IPv4 or an IPv6 address, and a port: no website can make its own name lead to the socket. */
const OWN_HOST = /^(?:[^.:[\]]*|\d+\.\d+\.\d+\.\d+|\[[^\]]*\])(?::\d+)?$/;

/** Why a request to the socket may come from a website; null: it does not. Programs send no `Origin`. */
export function foreignSite(request: Pick<Request, "url" | "headers">): Problem | null {
  const host = request.headers.get("Host");
  if (host !== null && !OWN_HOST.test(host)) {
    return problem("Over the socket Host must be localhost, another name without a dot, or an address");
  }
  if (request.headers.get("Origin") === null || isFromOwnPage(request)) return null;
  return problem("A page of another site sent this: Origin must be the daemon's own, or absent");
}

function problem(detail: string): Problem {
  return { status: 403, code: "admin/foreign-site", detail };
}
