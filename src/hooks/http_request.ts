// One HTTP request of a hook, which follows no redirect and ends before its limit, with the answer's body. Its URL and
// headers may hold secrets, so no message quotes them, and they are masked in the answer. A request to this host uses
// no proxy; a failure through a proxy names the proxy.
import { Buffer } from "node:buffer";
import { credentialPath } from "../host/credential.ts";
import { openHttpClient } from "../host/http_client.ts";
import { type Proxy, proxyOf } from "../host/proxy.ts";
import { hostAuthorities } from "./authorities.ts";
import { connectionFailure } from "./connection_failure.ts";
import { failed, type HookEnding, type HookLimit } from "./ending.ts";
import { DEFAULT_OUTPUT_BOUNDS, keepOutput, type KeptOutput } from "./kept_output.ts";
import { answerMask, requestSecrets } from "./request_secrets.ts";
import { readSmallFile } from "../host/small_file.ts";
import type { HookHost } from "./hook_host.ts";

/** A request to make. */
export interface HookRequest {
  /** In capitals. */
  readonly method: string;
  /** http or https; userinfo in it becomes an Authorization header (RFC 7617). */
  readonly url: string;
  /** Name to value. */
  readonly headers: Readonly<Record<string, string>>;
  /** Name to the file that holds its value; a bare name is a systemd credential's. Takes precedence over `headers`. */
  readonly headerFiles: Readonly<Record<string, string>>;
}

/** The rest of a longer answer is not read. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Everything read is kept until it is masked, so that no secret is cut, however long it is. */
const ANSWER_BOUNDS = { ...DEFAULT_OUTPUT_BOUNDS, overlapBytes: MAX_ANSWER_BYTES };

/**
 * Makes a request; an answer of 200 to 299 is success. `body` is sent with every method but GET and HEAD. If a server
 * closes the connection without an answer, fetch repeats the request once, with any method.
 */
export async function makeRequest(
  request: HookRequest,
  body: string,
  limit: HookLimit,
  surroundings: HookHost,
): Promise<HookEnding> {
  if (!URL.canParse(request.url)) return failed("has an invalid URL");
  const url = new URL(request.url);
  const read = await readHeaders(request, url, surroundings.environment);
  if (!read.ok) return failed(read.reason);
  const chosen = proxyOf(url, surroundings.environment);
  if (!chosen.ok) {
    return failed(`cannot use the proxy that ${chosen.variable} names: it is no URL of http, https or socks5`);
  }
  const { proxy } = chosen;
  const secrets = requestSecrets(url, read.headers, Object.keys(request.headerFiles), proxy);
  url.username = url.password = "";
  const caCerts = url.protocol === "https:" ? await hostAuthorities(surroundings.environment) : [];
  const kept = keepOutput(ANSWER_BOUNDS);
  // A server may repeat the request, and knows secrets that the caller does not.
  const shown = (isWhole: boolean) => kept.text((text) => surroundings.mask(answerMask(secrets, isWhole)(text)));
  try {
    const connection = { caCerts, allowHost: true };
    // No connection outlives the request, so that a hook that runs once a month holds nothing open.
    using client = openHttpClient(proxy === null ? connection : { ...connection, proxy: { url: proxy.url } });
    const hasBody = request.method !== "GET" && request.method !== "HEAD";
    if (hasBody && !read.headers.has("content-type")) read.headers.set("content-type", "application/json");
    const answer = await fetch(url, {
      method: request.method,
      headers: read.headers,
      body: hasBody ? body : null,
      redirect: "manual",
      signal: limit.signal,
      client,
    });
    const isWhole = await readAnswer(answer, kept);
    const output = shown(isWhole) + (isWhole ? "" : "\n… the rest was not read …");
    return answer.ok
      ? { ok: true, output }
      : failed(verdictOn(answer.status, url.protocol === "http:" ? proxy : null), output);
  } catch (error) {
    if (limit.signal.aborted) return failed(limit.reason() + throughProxy(proxy), shown(false));
    return failed(`could not be reached${throughProxy(proxy)}: ${connectionFailure(error, url)}`, shown(false));
  }
}

/** Reads a body until its end or bound; returns false if the body is longer. */
async function readAnswer(answer: Response, kept: KeptOutput): Promise<boolean> {
  if (answer.body === null) return true;
  for await (const chunk of answer.body) {
    kept.add(chunk.subarray(0, MAX_ANSWER_BYTES - kept.total()));
    // Leaving the loop cancels the body.
    if (kept.total() >= MAX_ANSWER_BYTES) return false;
  }
  return true;
}

/** @param proxy it may have answered in place of the server; null over TLS: there it cannot. */
function verdictOn(status: number, proxy: Proxy | null): string {
  const isRedirect = status >= 300 && status < 400 && status !== 304;
  const answered = `answered ${status}${throughProxy(proxy)}`;
  if (isRedirect) return `${answered}, and redirects are not followed: give the final URL`;
  if (proxy === null) return answered;
  if (status === 407) return `${answered}, which asks for credentials: put them into its URL`;
  return `${answered}, which may have answered itself`;
}

function throughProxy(proxy: Proxy | null): string {
  return proxy === null ? "" : ` through the proxy ${proxy.name}`;
}

type HeadersRead = { readonly ok: true; readonly headers: Headers } | { readonly ok: false; readonly reason: string };

/** Reads the request's headers; the files are read again each time, because tokens are rotated. */
async function readHeaders(
  request: HookRequest,
  url: URL,
  environment: HookHost["environment"],
): Promise<HeadersRead> {
  const headers = new Headers({ "user-agent": "honua-configd" });
  if (url.username !== "" || url.password !== "") headers.set("authorization", basicCredentials(url));
  const values = Object.entries(request.headers);
  for (const [name, path] of Object.entries(request.headerFiles)) {
    const CREDENTIALS_DIRECTORY = environment("CREDENTIALS_DIRECTORY");
    const read = await readSmallFile(credentialPath(path, { CREDENTIALS_DIRECTORY }));
    if (!read.ok) return { ok: false, reason: `lacks the value of its header ${name}: ${read.reason}` };
    const value = read.text.trim();
    if (value === "") return { ok: false, reason: `lacks the value of its header ${name}: its file is empty` };
    values.push([name, value]);
  }
  for (const [name, value] of values) {
    // RFC 9110, section 5.5: visible ASCII, spaces and tabs; servers read other characters differently.
    if (!/^[\t\x20-\x7e]*$/.test(value)) {
      return { ok: false, reason: `cannot send its header ${name}: the value is not one line of ASCII` };
    }
    try {
      headers.set(name, value);
    } catch {
      return { ok: false, reason: `cannot send its header ${name}: that is no header's name` };
    }
  }
  return { ok: true, headers };
}

/** RFC 7617; a percent sign that begins no escape is taken unchanged. */
function basicCredentials(url: URL): string {
  const decoded = [url.username, url.password].map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return `Basic ${Buffer.from(decoded.join(":"), "utf8").toString("base64")}`;
}
