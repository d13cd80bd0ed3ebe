// `honua-configd ui`: the address of the daemon's page, and for a socket the command line of a tunnel that leads to it.
// It ends with 0 if the page answers, with 3 if nothing does or the daemon has no page.
import { resolve } from "node:path";
import { jsonLine, terminalText } from "../diagnostic/terminal_text.ts";
import { type AdminAddress, type AdminFlags, listenUrl } from "./admin_address.ts";
import { type AdminClient, unavailable, unexpectedAnswer, withAdminClient } from "./admin_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { posixQuoted } from "./shell_quote.ts";
import type { Terminal } from "./terminal.ts";

export interface UiRequest {
  readonly address: AdminFlags;
  /** Of the tunnel, on the machine with the browser. */
  readonly port: number;
  readonly format: "text" | "json";
}

/** The way to the page. */
interface PageWay {
  /** The URL for the browser. */
  readonly address: string;
  /** A command line for the machine with the browser; null: none is needed. */
  readonly tunnel: string | null;
  readonly asksForToken: boolean;
}

/** Finds the page, asks whether it answers, and says how to open it. */
export async function ui({ address: flags, port, format }: UiRequest, terminal: Terminal): Promise<ExitCode> {
  const host = Deno.hostname();
  const url = await listenUrl(flags, terminal.environment, host);
  const named = url === null ? flags : { ...flags, optionsFile: null, url };
  return await withAdminClient(named, terminal, async (client, address) => {
    const trouble = await pageTrouble(client);
    if (trouble !== null) return unavailable(trouble, terminal);
    const way = wayTo(address, port, host);
    terminal.out(format === "json" ? jsonLine(way) : wayText(way, host));
    return EXIT.done;
  });
}

/** Why the page does not answer, in one line; null: it does. */
async function pageTrouble(client: AdminClient): Promise<string | null> {
  const ending = new AbortController();
  // Not the view of the fleet, which waits for Redis.
  const opened = await client.open({ path: "ui/host", headers: { accept: "text/html" } }, ending.signal);
  if (!opened.ok) return opened.message;
  const { status, headers } = opened.response;
  // Only the head is of interest.
  await opened.response.body?.cancel();
  if (status === 404) return `The daemon at ${client.name} has no page: it is of an older version than this program`;
  const isPage = status === 200 && (headers.get("content-type") ?? "").startsWith("text/html");
  const isSignIn = status === 303 && (headers.get("location") ?? "").endsWith("/ui/sign-in");
  if (isPage || isSignIn) return null;
  return status < 400 ? unexpectedAnswer(client) : client.refusal({ ok: true, status, body: null });
}

function wayTo(address: AdminAddress, port: number, host: string): PageWay {
  if (address.kind === "url") return { address: new URL("ui", address.url).href, tunnel: null, asksForToken: true };
  const forward = posixQuoted(`${port}:${forwardPath(resolve(address.path))}`);
  const tunnel = `ssh -N -L ${forward} ${posixQuoted(host)}`;
  return { address: `http://localhost:${port}/ui`, tunnel, asksForToken: false };
}

/** A path as `ssh -L` reads it: a backslash escapes, a colon separates (`parse_fwd_field`), a percent sign expands. */
function forwardPath(path: string): string {
  return path.replaceAll(/[\\:]/g, "\\$&").replaceAll("%", "%%");
}

function wayText({ address, tunnel, asksForToken }: PageWay, host: string): string {
  const page = terminalText(address);
  if (tunnel === null) return `${page}\n${asksForToken ? "It asks for the token of Admin:TokenFile\n" : ""}`;
  const needs = `a user in the socket's group on ${terminalText(host)}, and AllowStreamLocalForwarding of its sshd`;
  const how = `On the machine with the browser:\n\n  ${terminalText(tunnel)}\n\nThen open ${page}\n`;
  return `${how}The tunnel needs ${needs}\n`;
}
