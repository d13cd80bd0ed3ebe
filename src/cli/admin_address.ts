// Finds the daemon's address and token for a command: a URL or a socket of the command line, else the socket that the
// environment or an options file names. A token is sent only over TLS or to this host.
import { readTokenFile } from "../admin/auth.ts";
import { readListenAddress } from "../admin/tcp_listener.ts";
import type { AdminOptions } from "../options/options.ts";
import { renderText } from "../diagnostic/render.ts";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { readOptions } from "../options/option_reader.ts";
import { readOptionsFile } from "../options/options_file.ts";
import { readRegularFile } from "../host/regular_file.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";

/** The values of the command line; null: none. */
export interface AdminFlags {
  readonly socket: string | null;
  /** An options file, for its `Admin:Socket`. */
  readonly optionsFile: string | null;
  /** An http or https URL, in place of a socket. */
  readonly url: string | null;
  /** Holds the token for the URL. */
  readonly tokenFile: string | null;
  /** A private authority's certificates in PEM, for an https URL. */
  readonly caFile: string | null;
}

export type AdminAddress =
  | { readonly kind: "socket"; readonly path: string }
  | {
    readonly kind: "url";
    /** Its path ends in a slash. */
    readonly url: URL;
    /** Secret; null: none is sent. */
    readonly token: string | null;
    /** PEM; null: only the system's authorities. */
    readonly authorities: string | null;
  };

/** An address, or in one line why there is none, with the exit code. */
export type AddressResult =
  | { readonly ok: true; readonly address: AdminAddress }
  | { readonly ok: false; readonly code: ExitCode; readonly message: string };

/** All authorities of a system in one file are some 250 KiB. */
const MAX_AUTHORITIES_BYTES = 1024 * 1024;

/** Finds the daemon. Of the environment, only `Admin__Socket` (in any case) counts. */
export async function findAdminAddress(
  flags: AdminFlags,
  environment: Readonly<Record<string, string>>,
): Promise<AddressResult> {
  if (flags.url !== null) return await urlAddress(flags, flags.url);
  if (flags.tokenFile !== null || flags.caFile !== null) {
    return wrong(`${flags.tokenFile === null ? "--ca-file" : "--token-file"} is for a URL: give it with --url`);
  }
  if (flags.socket !== null) {
    return flags.socket === ""
      ? wrong("--socket is empty")
      : { ok: true, address: { kind: "socket", path: flags.socket } };
  }
  return await optionAddress(flags.optionsFile, environment);
}

/**
 * The URL at which other hosts reach the daemon of an options file, or anybody if it has no socket. Null: `Admin:Listen`
 * names none, or the options file is not named or cannot be read.
 *
 * @param host the name of this host, in place of an address that means all of its own.
 */
export async function listenUrl(
  { optionsFile }: Pick<AdminFlags, "optionsFile">,
  environment: Readonly<Record<string, string>>,
  host: string,
): Promise<string | null> {
  if (optionsFile === null) return null;
  const read = await readAdminOptions(optionsFile, environment);
  if (!read.ok) return null;
  const { listen, socket, tls } = read.admin;
  const address = listen === null ? null : readListenAddress(listen);
  if (address === null || address.port === 0 || address.isLoopback && socket) return null;
  const { hostname, port } = address;
  const name = hostname === "0.0.0.0" || hostname === "::" ? host : hostname;
  const scheme = tls.certificateFile === null ? "http" : "https";
  return `${scheme}://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

/** An address as a message names it. */
export function addressText(address: AdminAddress): string {
  return terminalText(address.kind === "socket" ? address.path : address.url.href.replace(/\/$/, ""));
}

/** Whether a URL names this host without the name service. */
function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

type Refusal = Extract<AddressResult, { ok: false }>;

function wrong(message: string): Refusal {
  return { ok: false, code: EXIT.usage, message };
}

function unusable(message: string): Refusal {
  return { ok: false, code: EXIT.unavailable, message };
}

async function urlAddress({ tokenFile, caFile }: AdminFlags, text: string): Promise<AddressResult> {
  const shape = "--url must be an http or https URL without user, query and fragment (http://127.0.0.1:8080)";
  if (!URL.canParse(text)) return wrong(shape);
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || url.username + url.password + url.search + url.hash !== "") {
    return wrong(shape);
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  if (url.protocol === "http:" && caFile !== null) return wrong("--ca-file is for an https URL");
  if (url.protocol === "http:" && tokenFile !== null && !isLoopback(url)) {
    return wrong(`The token would go to ${terminalText(url.host)} in clear text: use https, or a tunnel to this host`);
  }
  let token: string | null = null;
  let authorities: string | null = null;
  if (tokenFile !== null) {
    const read = await readTokenFile(tokenFile);
    if (!read.ok) return unusable(terminalText(read.message));
    token = read.token;
  }
  if (caFile !== null) {
    const read = await readAuthorities(caFile);
    if (!read.ok) return unusable(read.message);
    authorities = read.text;
    if (!authorities.includes("-----BEGIN CERTIFICATE-----")) {
      return unusable(`The file of authorities ${terminalText(caFile)} holds no certificate in PEM`);
    }
  }
  return { ok: true, address: { kind: "url", url, token, authorities } };
}

async function readAuthorities(
  path: string,
): Promise<{ readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string }> {
  const fail = (why: string) =>
    ({ ok: false, message: `Cannot read the file of authorities ${terminalText(path)}: ${why}` }) as const;
  try {
    const bytes = await readRegularFile(path, MAX_AUTHORITIES_BYTES);
    if (bytes.length > MAX_AUTHORITIES_BYTES) return fail(`it is larger than ${MAX_AUTHORITIES_BYTES} bytes`);
    return { ok: true, text: new TextDecoder().decode(bytes) };
  } catch (error) {
    return fail(terminalText(error instanceof Error ? error.message : String(error)));
  }
}

async function optionAddress(
  optionsFile: string | null,
  environment: Readonly<Record<string, string>>,
): Promise<AddressResult> {
  const read = await readAdminOptions(optionsFile, environment);
  if (!read.ok) return read;
  const path: string | null = read.admin.socket;
  if (path) return { ok: true, address: { kind: "socket", path } };
  return wrong("Admin:Socket is empty, so the daemon has no socket: name its address with --url");
}

async function readAdminOptions(
  optionsFile: string | null,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly ok: true; readonly admin: AdminOptions } | Refusal> {
  const file = optionsFile === null ? null : await readOptionsFile(optionsFile);
  const rendered = (diagnostics: Parameters<typeof renderText>[0]) =>
    renderText(diagnostics, { sources: new Map(), colour: false, frames: false }).trimEnd();
  if (file !== null && !file.ok) return unusable(rendered([file.diagnostic]));
  // The rest of the environment concerns only the daemon: a mistake in it must not stop a client.
  const isSocket = (name: string) => name.replaceAll("__", ":").toLowerCase() === "admin:socket";
  const named = Object.fromEntries(Object.entries(environment).filter(([name]) => isSocket(name)));
  const read = readOptions({ flags: [], environment: named, file: file?.source ?? null });
  return read.ok ? { ok: true, admin: read.options.admin } : wrong(rendered(read.diagnostics));
}
