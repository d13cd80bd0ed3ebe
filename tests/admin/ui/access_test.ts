import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type AdminHost, type Ask, openAdminHost, problemOf, TOKEN } from "../admin_host.ts";
import { makeAuthority, makeCertificate } from "../../support/certificates.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { cookieOf, fieldOf, originOf, seen, sent, signIn, visit } from "./reader.ts";

const VIEWS = ["/ui", "/ui/releases", "/ui/host"];
const REFRESH = { "X-Honua-Refresh": "1" };
const HOUR = 3_600_000;

Deno.test("over TCP a page without a session leads to the sign-in, and shows nothing else", async () => {
  await using host = await openAdminHost();
  for (const path of [...VIEWS, "/ui/nothing", "/ui/", "/ui/actions/reload"]) {
    for (const cookie of ["", "honua_configd=", "honua_configd=x", "other=1"]) {
      const { status, headers, text } = await visit(host, path, cookie);
      assertEquals([path, status, headers.get("Location"), text], [path, 303, "/ui/sign-in", ""]);
    }
  }
  const form = await visit(host, "/ui/sign-in", "");
  assertEquals([form.status, form.text.includes("edge-1")], [200, false]);
  // A path that only begins alike is none of the page.
  assertEquals((await visit(host, "/uix", "")).status, 401);
});

Deno.test("a path without a page, another method and a bug are answered with a page, and /ui/ leads to the page", async () => {
  await using host = await openAdminHost();
  const cookie = await cookieOf(host);
  const { status, headers } = await visit(host, "/ui/", cookie);
  assertEquals([status, headers.get("Location")], [303, "/ui"]);
  host.api.bug = new Error("a secret of the program");
  for (const [path, code] of [["/ui/nothing", 404], ["/ui/sign-out", 405], ["/ui", 500]] as const) {
    const page = await visit(host, path, cookie);
    assertEquals([path, page.status, page.headers.get("Content-Type")], [path, code, "text/html; charset=utf-8"]);
    assertStringIncludes(page.text, '<a href="/ui">');
    assertEquals([page.headers.get("Allow"), page.text.includes("secret of")], [code === 405 ? "POST" : null, false]);
  }
});

Deno.test("a request of the script without a session is refused and not redirected", async () => {
  await using host = await openAdminHost();
  for (const [path, headers] of [["/ui", REFRESH], ["/ui/events", {}]] as const) {
    const response = await host.askTcp(path, { headers, redirect: "manual" });
    assertEquals([path, response.status], [path, 401]);
    assertEquals((await problemOf(response)).code, "admin/unauthorized");
  }
});

Deno.test("the right token and a name begin a session that shows the pages, only for that browser", async () => {
  await using host = await openAdminHost();
  const { status, headers, text } = await signIn(host);
  assertEquals([status, headers.get("Location"), text], [303, "/ui", ""]);
  const set = headers.get("Set-Cookie")!;
  assertMatch(set, /^honua_configd=[\w-]{43}; Path=\/ui; HttpOnly; SameSite=Strict$/);
  const cookie = set.split(";")[0]!;
  for (const path of VIEWS) {
    const page = await visit(host, path, `a=b; ${cookie}`);
    assertEquals([path, page.status], [path, 200]);
    assertStringIncludes(page.text, "<span>Anna</span>");
    for (const secret of [TOKEN, cookie.split("=")[1]!]) assertEquals(page.text.includes(secret), false);
  }
  assertEquals((await visit(host, "/ui", cookie, REFRESH)).status, 200);
  const again = await visit(host, "/ui/sign-in", cookie);
  assertEquals([again.status, again.headers.get("Location")], [303, "/ui"]);
});

Deno.test("a wrong token shows the form again with one sentence, and no session begins", async () => {
  await using host = await openAdminHost();
  for (const token of ["", "wrong", `${TOKEN}x`, TOKEN.slice(1), `x ${TOKEN}`, "é".repeat(20)]) {
    const { status, headers, text } = await signIn(host, { token, name: 'A "<b>"' });
    assertEquals([token, status, headers.has("Set-Cookie")], [token, 401, false]);
    assertStringIncludes(text, "The token is not the right one.");
    assertStringIncludes(text, 'value="A &quot;&lt;b&gt;&quot;"');
    assertEquals([text.includes(TOKEN), token !== "" && text.includes(token)], [false, false]);
    assertStringIncludes(headers.get("WWW-Authenticate")!, "Bearer");
  }
  assertEquals((await signIn(host, { token: ` ${TOKEN}\n` })).status, 303, "pasted with spaces around it");
});

Deno.test("a name is one line of at most 64 characters", async () => {
  await using host = await openAdminHost();
  for (const name of ["", "  ", "a".repeat(65), "a\nb", "a\x1bb"]) {
    const { status, headers } = await signIn(host, { name });
    assertEquals([name, status, headers.has("Set-Cookie")], [name, 422, false]);
  }
  for (const name of ["a".repeat(64), "Åsa Öberg"]) assertEquals((await signIn(host, { name })).status, 303);
});

Deno.test("a session ends with the sign-out, for every copy of its cookie", async () => {
  await using host = await openAdminHost();
  const [cookie, other] = [await cookieOf(host), await cookieOf(host, "Ben")];
  const csrf = fieldOf((await visit(host, "/ui", cookie)).text, "csrf");
  const out = (given: string) =>
    seen(host.askTcp("/ui/sign-out", sent({ csrf: given }, { Origin: originOf(host), Cookie: cookie })));
  assertEquals((await out(fieldOf((await visit(host, "/ui", other)).text, "csrf"))).status, 403);
  assertEquals((await visit(host, "/ui", cookie)).status, 200);
  const { status, headers } = await out(csrf);
  assertEquals([status, headers.get("Location")], [303, "/ui/sign-in"]);
  assertMatch(headers.get("Set-Cookie")!, /^honua_configd=; Max-Age=0; Path=\/ui;/);
  assertEquals([(await visit(host, "/ui", cookie)).status, (await visit(host, "/ui", other)).status], [303, 200]);
});

Deno.test("a session ends after an hour without a person, which the page's own requests are not", async () => {
  let uptime = 0;
  await using host = await openAdminHost({ uptime: () => uptime });
  const cookie = await cookieOf(host);
  uptime += HOUR - 1;
  assertEquals((await visit(host, "/ui/host", cookie)).status, 200);
  uptime += HOUR - 1;
  assertEquals((await visit(host, "/ui/host", cookie, REFRESH)).status, 200);
  const events = await host.askTcp("/ui/events", { headers: { Cookie: cookie } });
  await events.body?.cancel();
  assertEquals(events.status, 200);
  uptime += 1;
  assertEquals((await visit(host, "/ui/host", cookie, REFRESH)).status, 401);
  assertEquals((await visit(host, "/ui/host", cookie)).status, 303);
});

Deno.test("the events of a page end with its session, before the next event", async () => {
  await using host = await openAdminHost();
  const [cookie, other] = [await cookieOf(host), await cookieOf(host, "Ben")];
  const follow = async (of: string) => {
    const response = await host.askTcp("/ui/events", { headers: { Cookie: of } });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    assertStringIncludes((await reader.read()).value!, "retry:");
    return reader;
  };
  const [ended, goesOn] = [await follow(cookie), await follow(other)];
  const csrf = fieldOf((await visit(host, "/ui", cookie)).text, "csrf");
  await seen(host.askTcp("/ui/sign-out", sent({ csrf }, { Origin: originOf(host), Cookie: cookie })));
  host.api.events.add("activated", { hash: "news" });
  assertStringIncludes((await goesOn.read()).value!, "news");
  assertEquals((await ended.read()).done, true);
  assertEquals(host.api.events.followers(), 1);
  await goesOn.cancel();
});

Deno.test("a token that is replaced ends the sessions that began with the old one", async () => {
  await using host = await openAdminHost();
  const cookie = await cookieOf(host);
  await Deno.writeTextFile(`${host.tokenFile}.new`, "another-token-0123456789");
  await Deno.rename(`${host.tokenFile}.new`, host.tokenFile);
  assertEquals((await visit(host, "/ui", cookie)).status, 303);
  await Deno.writeTextFile(`${host.tokenFile}.new`, TOKEN);
  await Deno.rename(`${host.tokenFile}.new`, host.tokenFile);
  assertEquals((await visit(host, "/ui", cookie)).status, 303, "it is over permanently");
});

Deno.test("the cookie opens nothing but the page, and the token of programs opens the page too", async () => {
  await using host = await openAdminHost();
  const cookie = await cookieOf(host);
  for (const path of ["/admin/status", "/admin/snapshot", "/admin/events", "/metrics", "/nothing"]) {
    const { status, headers } = await visit(host, path, cookie);
    assertEquals([path, status, headers.get("WWW-Authenticate")], [path, 401, 'Bearer realm="honua-configd"']);
  }
  const asBearer = (token: string) => visit(host, "/ui", cookie, { Authorization: `Bearer ${token}` });
  assertEquals([(await asBearer(TOKEN)).status, (await asBearer("wrong")).status], [200, 401]);
  assertEquals((await visit(host, "/ui", "", { Authorization: `bearer ${TOKEN}` })).status, 200);
  // Of a proxy in front: it neither opens the page nor closes it.
  const basic = { Authorization: "Basic YTpi" };
  assertEquals([(await visit(host, "/ui", cookie, basic)).status, (await visit(host, "/ui", "", basic)).status], [
    200,
    303,
  ]);
});

Deno.test("every answer of the page keeps a browser from doing anything else with it, and from keeping it", async () => {
  await using host = await openAdminHost({ uiActions: true });
  const cookie = await cookieOf(host);
  const paths = [...VIEWS, "/ui/nothing", "/ui/sign-out", "/ui/actions/hold", "/ui/releases/diff?from=1&to=2"];
  const answers = paths.map((path) => visit(host, path, cookie));
  answers.push(visit(host, "/ui", ""), visit(host, "/ui/sign-in", ""), visit(host, "/ui", "", REFRESH), signIn(host));
  answers.push(signIn(host, { token: "wrong" }), signIn(host, { csrf: "" }), signIn(host, {}, { Origin: null }));
  const found = await Promise.all(answers);
  assertEquals(new Set(found.map(({ status }) => status)), new Set([200, 404, 405, 303, 401, 403]));
  for (const { headers } of found) {
    const policy = headers.get("Content-Security-Policy")!;
    assertMatch(policy, /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+';/);
    assertStringIncludes(policy, "frame-ancestors 'none'");
    const others = ["X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Cache-Control"];
    const values = others.map((name) => headers.get(name));
    assertEquals(values, ["nosniff", "same-origin", "same-origin", "no-store, no-transform"]);
  }
});

Deno.test("over TLS the cookie is for TLS only", async () => {
  await using directory = await temporaryDirectory();
  const authority = await makeAuthority(directory.path, "authority");
  const files = await makeCertificate(authority, directory.path, "edge-1", ["IP:127.0.0.1"]);
  await using host = await openAdminHost({ tls: files });
  using client = Deno.createHttpClient({ caCerts: [authority.certificate] });
  const trusting = {
    ...host,
    askTcp: (path: string, ask: object = {}) => host.askTcp(path, { ...ask, client } as Ask),
  };
  const set = (await signIn(trusting)).headers.get("Set-Cookie")!;
  assertMatch(set, /; HttpOnly; Secure; SameSite=Strict$/);
  assertEquals((await visit(trusting, "/ui", set.split(";")[0]!)).status, 200);
});

/** Sends a sign-in, complete but for its headers, and returns the status. */
async function statusOfSignIn(host: AdminHost, headers: Readonly<Record<string, string | null>>): Promise<number> {
  return (await signIn(host, {}, headers)).status;
}

Deno.test("a form needs the Origin of the page, and its token", async () => {
  await using host = await openAdminHost();
  const origin = originOf(host);
  assertEquals(await statusOfSignIn(host, { Origin: origin }), 303);
  for (const other of [null, "null", "http://evil.example", origin.replace("http", "https"), `${origin}0`]) {
    assertEquals([other, await statusOfSignIn(host, { Origin: other })], [other, 403]);
  }
  const session = fieldOf((await visit(host, "/ui", await cookieOf(host))).text, "csrf");
  for (const csrf of ["", "x".repeat(43), session]) {
    const { status, headers } = await signIn(host, { csrf });
    assertEquals([csrf, status, headers.has("Set-Cookie")], [csrf, 403, false]);
  }
  assertEquals(await statusOfSignIn(host, { "Content-Type": "text/plain" }), 415);
});

Deno.test("a form without a session is not carried out, and asks to sign in", async () => {
  await using host = await openAdminHost({ uiActions: true });
  const answer = await seen(host.askTcp("/ui/actions/reload", sent({ name: "Anna" }, { Origin: originOf(host) })));
  assertEquals([answer.status, host.api.requests], [401, []]);
  assertStringIncludes(answer.text, "nothing was done: sign in");
  assert(fieldOf(answer.text, "csrf") !== "");
});

Deno.test("the socket wants no sign-in, and answers the page only under a name of the reader's own host", async () => {
  await using host = await openAdminHost();
  const page = await seen(host.ask("/ui"));
  assertEquals([page.status, page.text.includes("Sign out")], [200, false]);
  assertEquals((await seen(host.ask("/ui/sign-in", { redirect: "manual" }))).status, 303);
  const under = async (name: string | null) => {
    const line = name === null ? "GET /ui HTTP/1.0\r\n" : `GET /ui HTTP/1.1\r\nHost: ${name}\r\n`;
    return Number((await host.say(`${line}Connection: close\r\n\r\n`)).slice(9, 12));
  };
  for (const own of [null, "localhost", "localhost:9000", "127.0.0.1:9000", "[::1]:9000"]) {
    assertEquals([own, await under(own)], [own, 200]);
  }
  for (const other of ["evil.example", "evil.example:9000", "localhost.evil.example", "edge-1"]) {
    assertEquals([other, await under(other)], [other, 403]);
  }
});
