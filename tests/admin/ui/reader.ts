// A reader of the page: asks as a browser does, with the cookie and the `Origin` that it would send.
import { type AdminHost, TOKEN } from "../admin_host.ts";

/** The answer to a request of a reader. */
export interface Seen {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Reads an answer whole. */
export async function seen(answer: Promise<Response>): Promise<Seen> {
  const response = await answer;
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The address of the interface over TCP, which is the origin of its pages. */
export function originOf({ server }: AdminHost): string {
  return server.addresses().at(-1)!;
}

/** The value of a hidden field; empty: there is none. */
export function fieldOf(text: string, name: string): string {
  return new RegExp(`<input type="hidden" name="${name}" value="([^"]*)">`).exec(text)?.[1] ?? "";
}

/** Sends a form; headers override those of a browser, and null leaves one out. */
export function sent(
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string | null>>,
): Pick<RequestInit, "method" | "body" | "headers" | "redirect"> {
  const type = { "Content-Type": "application/x-www-form-urlencoded" };
  const given = Object.entries({ ...type, ...headers }).filter((one): one is [string, string] => one[1] !== null);
  return { method: "POST", body: new URLSearchParams(fields).toString(), headers: given, redirect: "manual" };
}

/** Signs in over TCP with the fields of the form, changed as given. */
export async function signIn(
  host: AdminHost,
  fields: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string | null>> = {},
): Promise<Seen> {
  const form = await seen(host.askTcp("/ui/sign-in"));
  const given = { token: TOKEN, name: "Anna", csrf: fieldOf(form.text, "csrf"), ...fields };
  return await seen(host.askTcp("/ui/sign-in", sent(given, { Origin: originOf(host), ...headers })));
}

/** Signs in and returns the cookie as a browser sends it. */
export async function cookieOf(host: AdminHost, name = "Anna"): Promise<string> {
  return (await signIn(host, { name })).headers.get("Set-Cookie")!.split(";")[0]!;
}

/** Asks over TCP with a cookie; a redirection is not followed. */
export async function visit(
  host: AdminHost,
  path: string,
  cookie: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Seen> {
  return await seen(host.askTcp(path, { headers: { Cookie: cookie, ...headers }, redirect: "manual" }));
}
