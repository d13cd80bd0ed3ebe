import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { ACTIVATED, run, type RunOptions } from "./sample_hook.ts";

interface Heard {
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A server that remembers the requests. */
function serve(answer: (request: Request) => Response | Promise<Response>, tls: { cert?: string; key?: string } = {}) {
  const heard: Heard[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {}, ...tls }, async (request) => {
    heard.push({ method: request.method, headers: request.headers, body: await request.text() });
    return await answer(request);
  });
  return {
    heard,
    address: `127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly headerFiles?: Record<string, string>;
}

function ask(url: string, { method = "POST", headers = {}, headerFiles = {} }: Asked = {}, options: RunOptions = {}) {
  return run({ kind: "http", method, url, headers, headerFiles }, options);
}

Deno.test("the payload is posted as JSON, and the answer is the output", async () => {
  await using server = serve(() => new Response("thanks\n"));
  assertEquals(await ask(`http://${server.address}/changed`), { ok: true, output: "thanks" });
  const [request] = server.heard;
  assertEquals(request?.method, "POST");
  assertEquals(request?.headers.get("content-type"), "application/json");
  assertEquals(request?.headers.get("user-agent"), "honua-configd");
  assertEquals(JSON.parse(request?.body ?? ""), { ...ACTIVATED, hook: "sample" });
});

Deno.test("GET and HEAD send no body, every other method does", async () => {
  await using server = serve(() => new Response(null, { status: 204 }));
  for (const method of ["GET", "HEAD", "PUT", "PATCH", "DELETE"]) {
    assertEquals(await ask(`http://${server.address}/`, { method }), { ok: true, output: "" });
  }
  const bodies = server.heard.map(({ method, body }) => [method, body === ""]);
  assertEquals(bodies, [["GET", true], ["HEAD", true], ["PUT", false], ["PATCH", false], ["DELETE", false]]);
});

Deno.test("every status but 200 to 299 is a failure with its answer as the output", async () => {
  await using server = serve(() => new Response("try\x1b[2J later", { status: 503 }));
  assertEquals(await ask(`http://${server.address}/`), {
    ok: false,
    reason: "answered 503",
    output: "try\u241b[2J later",
  });
});

Deno.test("no redirect is followed", async () => {
  await using server = serve(() => new Response(null, { status: 302, headers: { location: "/elsewhere" } }));
  const ending = await ask(`http://${server.address}/`);
  const reason = "answered 302, and redirects are not followed: give the final URL";
  assertEquals(ending, { ok: false, reason, output: "" });
  assertEquals(server.heard.length, 1);
});

Deno.test("userinfo becomes an Authorization header, and a configured one beats it", async () => {
  await using server = serve(() => new Response());
  await ask(`http://us%40r:p%3A%C3%A4%ss@${server.address}/`);
  await ask(`http://user:pass@${server.address}/`, { headers: { authorization: "Bearer abc" } });
  assertEquals(server.heard.map(({ headers }) => headers.get("authorization")), [
    `Basic ${btoa("us@r:p%3A%C3%A4%ss")}`,
    "Bearer abc",
  ]);
});

Deno.test("the value of a header's file is read again each time, and beats one of the options", async () => {
  await using directory = await temporaryDirectory();
  await using server = serve(() => new Response());
  const headerFiles = { Authorization: await directory.write("token", "Bearer one\n"), "X-Site": "site" };
  await directory.write("site", "north");
  const surroundings = {
    environment: (name: string) => name === "CREDENTIALS_DIRECTORY" ? directory.path : undefined,
  };
  const asked = { headers: { authorization: "Bearer none", host: "edge.test" }, headerFiles };
  assertEquals((await ask(`http://${server.address}/`, asked, { surroundings })).ok, true);
  await directory.write("token", "Bearer two\n");
  assertEquals((await ask(`http://${server.address}/`, asked, { surroundings })).ok, true);
  assertEquals(server.heard.map(({ headers }) => headers.get("authorization")), ["Bearer one", "Bearer two"]);
  assertEquals(server.heard.map(({ headers }) => headers.get("x-site")), ["north", "north"]);
  assertEquals(server.heard[0]?.headers.get("host"), "edge.test");
});

Deno.test("a header's file that cannot be used is a reason that does not quote it, and nothing is sent", async () => {
  await using directory = await temporaryDirectory();
  await using server = serve(() => new Response());
  const write = (name: string, text: string) => directory.write(name, text);
  const missing = directory.file("missing");
  const large = await write("large", "x".repeat(10_000));
  for (
    const [path, reason] of [
      [missing, `lacks the value of its header X-Token: ${missing} is not there`],
      [large, `lacks the value of its header X-Token: ${large} is larger than 8192 bytes`],
      [directory.path, `lacks the value of its header X-Token: ${directory.path} is not a file`],
      [await write("empty", "\n"), "lacks the value of its header X-Token: its file is empty"],
      [await write("lines", "s3cret\ns3cret"), "cannot send its header X-Token: the value is not one line of ASCII"],
      [await write("wide", "s3cret\u00e4"), "cannot send its header X-Token: the value is not one line of ASCII"],
    ] as const
  ) {
    const ending = await ask(`http://${server.address}/`, { headerFiles: { "X-Token": path } });
    assertEquals(ending, { ok: false, reason, output: "" });
  }
  assertEquals(server.heard, []);
});

Deno.test("header names with a meaning to JavaScript are headers like others", async () => {
  await using server = serve(() => new Response());
  const headers = JSON.parse('{"__proto__":"a","constructor":"b"}');
  assertEquals((await ask(`http://${server.address}/`, { headers })).ok, true);
  assertEquals(server.heard[0]?.headers.get("__proto__"), "a");
  assertEquals(server.heard[0]?.headers.get("constructor"), "b");
});

Deno.test("a body that does not end in time is a failure", async () => {
  const held = Promise.withResolvers<void>();
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode("so far")),
    cancel: () => held.resolve(),
  });
  await using server = serve(() => new Response(body));
  const ending = await ask(`http://${server.address}/`, {}, { timeoutMilliseconds: 1_000 });
  assertEquals(ending, { ok: false, reason: "took longer than 1 s and was ended", output: "so far" });
  await held.promise;
});

Deno.test("a server that does not answer is given up in time, and when the daemon stops", async () => {
  const stopping = new AbortController();
  const release = Promise.withResolvers<Response>();
  {
    await using server = serve(() => {
      stopping.abort();
      return release.promise;
    });
    const ending = await ask(`http://${server.address}/`, {}, { signal: stopping.signal });
    assertEquals(ending, { ok: false, reason: "was ended because the daemon stops", output: "" });
    release.resolve(new Response());
  }
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}/`;
  const ending = await ask(url, {}, { timeoutMilliseconds: 200 });
  listener.close();
  assertEquals(ending, { ok: false, reason: "took longer than 0.2 s and was ended", output: "" });
});

Deno.test("an endless body is read to its bound and judged by its status", async () => {
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("endless ".repeat(1_000))),
    cancel: () => cancelled.resolve(),
  });
  await using server = serve(() => new Response(body));
  const ending = await ask(`http://${server.address}/`);
  assert(ending.ok);
  assert(ending.output.startsWith("endless endless"));
  assert(ending.output.endsWith("\n… the rest was not read …"));
  assert(ending.output.length < 5_000);
  await cancelled.promise;
});

Deno.test("a secret that the caller names is masked in the answer", async () => {
  await using server = serve((request) => new Response(`you sent ${request.headers.get("x-site")}`));
  const surroundings = { mask: (text: string) => text.replaceAll("n0rth", "[masked]") };
  const ending = await ask(`http://${server.address}/`, { headers: { "x-site": "n0rth" } }, { surroundings });
  assertEquals(ending, { ok: true, output: "you sent [masked]" });
});

Deno.test("a server that repeats the request shows no credential of it", async () => {
  await using directory = await temporaryDirectory();
  await using server = serve((request) => {
    const { pathname, search } = new URL(request.url);
    const headers = [...request.headers].map(([name, value]) => `${name}: ${value}\n`).join("");
    return new Response(`cannot ${pathname}${search}\n${headers}`, { status: 404 });
  });
  const ending = await ask(
    `http://us3r:hunter2-password@${server.address}/hooks/T0hunter2path0123456789?key=hunter2-query&site=north`,
    {
      headers: { accept: "application/json", "X-Api-Key": "hunter2-key" },
      headerFiles: { "X-Vault": await directory.write("token", "Bearer hunter2-token-0123456789\n") },
    },
  );
  assert(!ending.ok);
  const lines = ending.output.split("\n");
  assertEquals(lines[0], "cannot /hooks/[masked]?key=[masked]&site=north");
  for (const line of ["x-vault", "x-api-key", "authorization"].map((name) => `${name}: [masked]`)) {
    assert(lines.includes(line), `${line} in\n${ending.output}`);
  }
  assert(lines.includes("accept: application/json"));
  assertEquals(ending.output.includes("hunter2"), false);
  assertEquals(ending.output.includes(btoa("us3r:hunter2-password")), false);
});

Deno.test("no half of a credential is shown, at any cut of the answer or of its kept part", async () => {
  await using directory = await temporaryDirectory();
  const token = "0123456789abcdef".repeat(500);
  const asked = { headerFiles: { "X-Token": await directory.write("token", token) } };
  const never = Promise.withResolvers<void>();
  const cutAnswer = (text: string) =>
    new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
      cancel: () => never.resolve(),
    });
  const half = token.slice(0, 4_000);
  for (
    const [answer, output] of [
      [`${"-".repeat(500)}${token}\n${"- ".repeat(20_000)}`, /^-{500}\[masked\]\n/],
      [`${"-".repeat(65_536 - half.length)}${half}`, /-\[masked\]\n… the rest was not read …$/],
      [cutAnswer(`it was ${half}`), /^it was \[masked\]$/],
    ] as const
  ) {
    await using server = serve(() => new Response(answer));
    const ending = await ask(`http://${server.address}/`, asked, { timeoutMilliseconds: 1_000 });
    assertMatch(ending.output, output);
    assertEquals(ending.output.includes("0123456789"), false);
  }
  await never.promise;
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const asking = ask(`http://127.0.0.1:${listener.addr.port}/`, asked);
  using connection = await listener.accept();
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n";
  await connection.write(new TextEncoder().encode(`${head}it was ${half}`));
  await connection.closeWrite();
  const reason = "could not be reached: it closed the connection without a whole answer";
  assertEquals(await asking, { ok: false, reason, output: "it was [masked]" });
});

Deno.test("a server that cannot be reached is a reason without the URL", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  assertEquals(await ask(`http://us3r:s3cret@127.0.0.1:${port}/tls/?token=s3cret`), {
    ok: false,
    reason: "could not be reached: connection refused",
    output: "",
  });
});

Deno.test("a server that speaks no HTTP has its own message", async () => {
  for (
    const [says, reason] of [
      ["SSH-2.0-OpenSSH_9.2\r\n", "could not be reached: the server does not speak HTTP"],
      ["", "could not be reached: it closed the connection without a whole answer"],
    ] as const
  ) {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const served = (async () => {
      // More than once, because fetch asks again if a connection is closed without an answer.
      for await (const connection of listener) {
        await connection.read(new Uint8Array(65_536));
        if (says !== "") await connection.write(new TextEncoder().encode(says));
        connection.close();
      }
    })();
    const ending = await ask(`http://127.0.0.1:${listener.addr.port}/`, { method: "GET" });
    listener.close();
    await served;
    assert(!ending.ok);
    assertEquals(ending.reason, reason);
  }
});

Deno.test("over TLS the host's authorities are trusted and others are not", async () => {
  await using directory = await temporaryDirectory();
  const authority = await makeAuthority(directory.path, "authority");
  const { certificate, key } = await makeCertificate(authority, directory.path, "server", ["IP:127.0.0.1"]);
  await using server = serve(() => new Response("hello"), { cert: certificate, key });
  const trusting = { environment: (name: string) => name === "SSL_CERT_FILE" ? authority.certificateFile : undefined };
  const url = `https://${server.address}/`;
  assertEquals(await ask(url, {}, { surroundings: trusting }), { ok: true, output: "hello" });
  const ending = await ask(url);
  assert(!ending.ok);
  assertStringIncludes(ending.reason, "no authority that this host trusts has signed its certificate");
  const other = await ask(url.replace("127.0.0.1", "localhost"), {}, { surroundings: trusting });
  assert(!other.ok);
});

Deno.test("only an answer of 200 to 299 is a success, and only a redirect is called one", async () => {
  let status = 0;
  await using server = serve(() => new Response(null, { status, headers: { location: "/" } }));
  const reasonFor = async (answered: number) => {
    status = answered;
    const ending = await ask(`http://${server.address}/`);
    return ending.ok || ending.reason;
  };
  const redirect = ", and redirects are not followed: give the final URL";
  for (const answered of [200, 204, 299]) assertEquals(await reasonFor(answered), true);
  for (const answered of [300, 303, 399]) assertEquals(await reasonFor(answered), `answered ${answered}${redirect}`);
  for (const answered of [304, 400, 407, 599]) assertEquals(await reasonFor(answered), `answered ${answered}`);
});

Deno.test("an answer is read up to 64 KiB, and the bytes behind them are not", async () => {
  let length = 65_535;
  await using server = serve(() => new Response("x".repeat(length)));
  const ends = async () => (await ask(`http://${server.address}/`)).output.endsWith("x");
  assertEquals(await ends(), true);
  length = 65_536;
  assertEquals(await ends(), false);
  let at = 0;
  // In pieces of which none ends at the bound.
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const piece = "x".repeat(1_000).slice(0, Math.max(0, 65_536 - at)).padEnd(1_000, "z");
    at += 1_000;
    controller.enqueue(new TextEncoder().encode(piece));
  };
  await using long = serve(() => new Response(new ReadableStream({ pull })));
  assertMatch((await ask(`http://${long.address}/`)).output, /^[^z]+x\n… the rest was not read …$/);
});

Deno.test("a body has the type that the options give it, and no body has none", async () => {
  await using server = serve(() => new Response());
  await ask(`http://${server.address}/`, { headers: { "Content-Type": "text/plain", "User-Agent": "x" } });
  await ask(`http://${server.address}/`, { method: "GET" });
  assertEquals(server.heard.map(({ headers }) => [headers.get("content-type"), headers.get("user-agent")]), [
    ["text/plain", "x"],
    [null, "honua-configd"],
  ]);
});

Deno.test("a user without a password, and a password without a user, are credentials too", async () => {
  await using server = serve(() => new Response());
  await ask(`http://us3r@${server.address}/`);
  await ask(`http://:pa55@${server.address}/`);
  await ask(`http://${server.address}/`);
  assertEquals(server.heard.map(({ headers }) => headers.get("authorization")), [
    `Basic ${btoa("us3r:")}`,
    `Basic ${btoa(":pa55")}`,
    null,
  ]);
});

Deno.test("a wrong URL and a wrong header are reported without a quotation, and nothing is sent", async () => {
  await using server = serve(() => new Response());
  const url = `http://${server.address}/`;
  const value = "cannot send its header X-A: the value is not one line of ASCII";
  const cases = [
    [await ask("http://s3cret:x/"), "has an invalid URL"],
    [await ask(url, { headers: { "s3 cret": "x" } }), "cannot send its header s3 cret: that is no header's name"],
    [await ask(url, { headers: { "X-A": "\x1f" } }), value],
    [await ask(url, { headers: { "X-A": "\x7f" } }), value],
    [await ask(url, { headers: { "X-A": "a\nb" } }), value],
  ] as const;
  for (const [ending, reason] of cases) assertEquals(ending, { ok: false, reason, output: "" });
  assertEquals(server.heard, []);
  assertEquals((await ask(url, { headers: { "X-A": "a\tb ~" } })).ok, true);
  assertEquals(server.heard[0]?.headers.get("x-a"), "a\tb ~");
});

Deno.test("a header may be empty", async () => {
  await using server = serve(() => new Response());
  assertEquals((await ask(`http://${server.address}/`, { headers: { "X-A": "" } })).ok, true);
  assertEquals(server.heard[0]?.headers.get("x-a"), "");
});

Deno.test("without TLS nobody looks for authorities", async () => {
  await using server = serve(() => new Response());
  const asked: string[] = [];
  const environment = (name: string) => void asked.push(name);
  assertEquals((await ask(`http://${server.address}/`, {}, { surroundings: { environment } })).ok, true);
  assertEquals(asked.includes("SSL_CERT_FILE"), false);
});

Deno.test("no connection outlives its request", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const asking = ask(`http://127.0.0.1:${listener.addr.port}/`);
  using connection = await listener.accept();
  const bytes = new Uint8Array(65_536);
  await connection.read(bytes);
  await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  assertEquals((await asking).ok, true);
  assertEquals(await connection.read(bytes), null);
});
