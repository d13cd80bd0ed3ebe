import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findAdminAddress } from "../../src/cli/admin_address.ts";
import { openAdminClient } from "../../src/cli/admin_client.ts";
import { runRecorded } from "../support/recording_terminal.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { cannedDaemon, json, statusWith } from "./canned_daemon.ts";

const TOKEN = "correct-horse-battery-staple";
const NONE = { socket: null, optionsFile: null, url: null, tokenFile: null, caFile: null };

for (const command of ["status", "peers", "reload", "events"]) {
  Deno.test(`${command} --help answers with an example and with the meaning of its exit codes`, async () => {
    const { code, out } = await runRecorded([command, "--help"]);
    assertEquals(code, 0);
    assertStringIncludes(out, `Examples:\n  honua-configd ${command}`);
    assertStringIncludes(out, "Ends with:\n  0  ");
    assertStringIncludes(out, "\n  3  nothing answers");
  });

  Deno.test(`${command} with nothing running says so and ends with 3`, async () => {
    await using directory = await temporaryDirectory();
    const socket = directory.file("none.sock");
    const { code, out, error } = await runRecorded([command, "--socket", socket]);
    assertEquals([code, out], [3, ""]);
    assertEquals(error, `Nothing answers at ${socket}: there is no such socket. Is honua-configd running?\n`);
  });
}

Deno.test("a socket without a listener differs from a missing one", async () => {
  await using directory = await temporaryDirectory();
  const stale = directory.file("stale.sock");
  const first = Deno.listen({ transport: "unix", path: directory.file("first.sock") });
  // At its close Deno removes only the name that it bound.
  await Deno.link(directory.file("first.sock"), stale);
  first.close();
  const file = await directory.write("file.sock", "");
  const said = async (socket: string) => {
    const { code, error } = await runRecorded(["status", "--socket", socket]);
    return [code, error];
  };
  const gone = `Nothing answers at ${stale}: no process listens there any more. Is honua-configd running?\n`;
  assertEquals(await said(stale), [3, gone]);
  assertEquals(await said(file), [3, `Nothing answers at ${file}: it is no socket\n`]);
});

const isRoot = Deno.uid() === 0;
if (isRoot) console.log("ignored, for no permission is denied to root: a socket without permission");

Deno.test({
  name: "a socket without permission names the users who may use it",
  ignore: isRoot,
  async fn() {
    await using daemon = await cannedDaemon(() => json(statusWith()));
    await Deno.chmod(daemon.at, 0o000);
    const { code, error } = await runRecorded(["status", "--socket", daemon.at]);
    assertEquals([code, error], [
      3,
      `No permission to use ${daemon.at}: run this as root or as a member of the socket's group\n`,
    ]);
  },
});

Deno.test("a path that is too long for a socket is one line and ends with 3", async () => {
  const { code, error } = await runRecorded(["status", "--socket", `/tmp/${"x".repeat(200)}`]);
  assertEquals([code, error.split("\n").length], [3, 2]);
  assertStringIncludes(error, "Nothing answers at");
});

/** A socket at which every connection is given these bytes and, unless it is held, closed. */
async function rawServer(text: string, held: boolean): Promise<AsyncDisposable & { readonly socket: string }> {
  const directory = await temporaryDirectory();
  const socket = directory.file("raw.sock");
  const listener = Deno.listen({ transport: "unix", path: socket });
  const connections: Deno.Conn[] = [];
  const serving = (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      await connection.read(new Uint8Array(1024));
      await connection.write(new TextEncoder().encode(text)).catch(() => {});
      if (!held) connections.splice(0).forEach((one) => one.close());
    }
  })();
  return {
    socket,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
      connections.forEach((one) => one.close());
      await directory[Symbol.asyncDispose]();
    },
  };
}

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
const RAW: [string, string, string][] = [
  ["garbage", "hello\r\n\r\n", "broke off before there was an answer of HTTP"],
  ["nothing", "", "broke off before there was an answer of HTTP"],
  ["half an answer", `${HEAD}Content-Length: 100\r\n\r\n{`, "broke off: "],
];

for (const [what, text, says] of RAW) {
  Deno.test(`a server that gives ${what} and hangs up is one line, and ends with 3`, async () => {
    await using server = await rawServer(text, false);
    const { code, out, error } = await runRecorded(["status", "--socket", server.socket]);
    assertEquals([code, out, error.split("\n").length], [3, "", 2]);
    assertStringIncludes(error, says);
  });
}

for (const [what, text] of [["nothing", ""], ["half an answer", `${HEAD}Content-Length: 100\r\n\r\n{`]] as const) {
  Deno.test(`a server that gives ${what} and never ends is not waited for beyond the limit`, async () => {
    await using server = await rawServer(text, true);
    const opened = openAdminClient({ kind: "socket", path: server.socket });
    assert(opened.ok);
    using client = opened.client;
    assertEquals(await client.ask({ path: "admin/status", limitMilliseconds: 100 }), {
      ok: false,
      message: `${server.socket} did not answer within 0.1 s`,
      isOverdue: true,
    });
  });
}

const STRANGE: [string, () => Response, string][] = [
  ["a page", () => new Response("<html>Welcome to nginx!</html>"), "/admin/status gave no JSON (status 200)"],
  ["too much", () => new Response("[" + " ".repeat(2 ** 20) + "]"), "gave more than 1048576 bytes (status 200)"],
  ["another program's JSON", () => json({ hello: "world" }), "is not honua-configd, or not of a version"],
  ["null", () => json(null), "is not honua-configd"],
  ["an empty answer", () => new Response(null, { status: 204 }), "gave no JSON (status 204)"],
  ["a redirection", () => Response.redirect("http://elsewhere.invalid/", 302), "gave no JSON (status 302)"],
  ["not found", () => json({ title: "Not\x1bFound" }, 404), "answered with status 404: Not␛Found\n"],
];

for (const [what, answering, says] of STRANGE) {
  Deno.test(`a server that answers with ${what} is one line, and ends with 3`, async () => {
    await using daemon = await cannedDaemon(answering);
    const { code, out, error } = await runRecorded(["status", ...daemon.flags]);
    assertEquals([code, out, error.split("\n").length], [3, "", 2]);
    assertStringIncludes(error, says);
  });
}

Deno.test("a path that is too long for a socket is named as the reason", async () => {
  const path = `/tmp/${"a".repeat(103)}`;
  const { code, error } = await runRecorded(["status", "--socket", path]);
  assertEquals([code, error], [3, `Nothing answers at ${path}: the path of a socket has at most 107 bytes\n`]);
});

Deno.test("over TCP the token of the file is sent, below the URL's path, and never shown", async () => {
  await using daemon = await cannedDaemon(() => json(statusWith()), { tcp: true });
  const file = await daemon.directory.write("token", `${TOKEN}\n`);
  const args = ["status", "--url", `${daemon.at}/behind/a/proxy`, "--token-file", file];
  const { code, out, error } = await runRecorded(args);
  assertEquals([code, error, out.includes(TOKEN)], [0, "", false]);
  assertEquals(daemon.asked[0]!.what, "GET /behind/a/proxy/admin/status");
  assertEquals(daemon.asked[0]!.headers.get("authorization"), `Bearer ${TOKEN}`);
});

Deno.test("neither a socket nor a URL of this host is asked through a proxy or past its socket", async () => {
  const proxies = { HTTP_PROXY: "http://127.9.9.9:9", ALL_PROXY: "http://127.9.9.9:9", NO_PROXY: "localhost" };
  for (const [name, value] of Object.entries(proxies)) Deno.env.set(name, value);
  try {
    for (const tcp of [false, true]) {
      await using daemon = await cannedDaemon(() => json(statusWith()), { tcp });
      const { code, error } = await runRecorded(["status", ...daemon.flags], { environment: proxies });
      assertEquals([code, error], [0, ""]);
    }
    const { error } = await runRecorded(["status", "--url", "http://192.0.2.1:8080"], { environment: proxies });
    assertEquals(
      error,
      "Nothing answers at http://192.0.2.1:8080 through the proxy 127.9.9.9:9: tcp connect error: Connection refused\n",
    );
  } finally {
    for (const name of Object.keys(proxies)) Deno.env.delete(name);
  }
});

Deno.test("a missing token and a refused one have different messages, and the token is not shown", async () => {
  await using daemon = await cannedDaemon(() => json({}, 401), { tcp: true });
  const file = await daemon.directory.write("token", TOKEN);
  const without = await runRecorded(["status", ...daemon.flags]);
  const wrong = await runRecorded(["status", ...daemon.flags, "--token-file", file]);
  assertEquals([without.code, wrong.code], [3, 3]);
  assertStringIncludes(without.error, `${daemon.at} wants a token: give the file that Admin:TokenFile names there`);
  assertStringIncludes(wrong.error, `${daemon.at} does not take the token: is --token-file the file`);
  assert(!wrong.error.includes(TOKEN));
});

Deno.test("TLS works with a private authority, and without it the reason is one line", async () => {
  await using directory = await temporaryDirectory();
  const certificate = directory.file("cert.pem");
  const tls = await selfSigned(directory.path, ["-addext", "basicConstraints=critical,CA:FALSE"]);
  await using daemon = await cannedDaemon(() => json(statusWith()), { tls });
  const known = await runRecorded(["status", ...daemon.flags, "--ca-file", certificate]);
  assertEquals([known.code, known.error], [0, ""]);
  const unknown = await runRecorded(["status", ...daemon.flags]);
  assertEquals([unknown.code, unknown.error.split("\n").length], [3, 2]);
  assertStringIncludes(unknown.error, `The certificate of ${daemon.at} cannot be trusted: name the file`);
  const garbage = "-----BEGIN CERTIFICATE-----\nZm9v\n-----END CERTIFICATE-----\n";
  const bad = await runRecorded(["status", ...daemon.flags, "--ca-file", await directory.write("bad", garbage)]);
  assertEquals([bad.code, bad.error.split("\n").length], [3, 2]);
  assertStringIncludes(bad.error, "Cannot use the certificates given for https://127.0.0.1:");
});

Deno.test("a certificate as openssl makes it by itself is an authority's, and the reason says how to make one", async () => {
  await using directory = await temporaryDirectory();
  await using daemon = await cannedDaemon(() => json(statusWith()), { tls: await selfSigned(directory.path, []) });
  const { code, error } = await runRecorded(["status", ...daemon.flags, "--ca-file", directory.file("cert.pem")]);
  assertEquals([code, error], [
    3,
    `The certificate of ${daemon.at} cannot be trusted: it is an authority's; make one with ` +
    "basicConstraints=critical,CA:FALSE\n",
  ]);
});

/** Makes cert.pem and key.pem in a directory. */
async function selfSigned(directory: string, more: readonly string[]): Promise<{ cert: string; key: string }> {
  const [certificate, key] = [`${directory}/cert.pem`, `${directory}/key.pem`];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"];
  const args = ["req", "-x509", ...curve, ...names, ...more, "-keyout", key, "-out", certificate];
  const made = await new Deno.Command("openssl", { args, stdout: "null", stderr: "piped" }).output();
  assert(made.success, new TextDecoder().decode(made.stderr));
  return { cert: await Deno.readTextFile(certificate), key: await Deno.readTextFile(key) };
}

Deno.test("the socket is the flag's, else the environment's in any case, else the options file's, else the default", async () => {
  await using directory = await temporaryDirectory();
  const optionsFile = await directory.write("o.json", '{ "admin": { "SOCKET": "/from/file", }, /* c */ }');
  const environment = { "ADMIN__socket": "/from/environment", HighAvailability__Enabled: "perhaps" };
  const pathOf = async (flags: Partial<typeof NONE | { socket: string; optionsFile: string }>, env = {}) => {
    const found = await findAdminAddress({ ...NONE, ...flags }, env);
    return found.ok && found.address.kind === "socket" ? found.address.path : found;
  };
  assertEquals(await pathOf({ socket: "/from/flag", optionsFile }, environment), "/from/flag");
  assertEquals(await pathOf({ optionsFile }, environment), "/from/environment");
  assertEquals(await pathOf({ optionsFile }, { HighAvailability__Enabled: "perhaps" }), "/from/file");
  assertEquals(await pathOf({}, { Snapshot__Path: "" }), "/run/honua-configd/admin.sock");
});

const WRONG: [string[], number, string][] = [
  [["--token-file", "t"], 2, "--token-file is for a URL: give it with --url"],
  [["--ca-file", "c"], 2, "--ca-file is for a URL"],
  [["--socket", ""], 2, "--socket is empty"],
  [["--socket", "s", "--url", "http://localhost"], 2, "cannot be used with"],
  [["--url", "localhost:80"], 2, "must be an http or https URL"],
  [["--url", "ftp://localhost"], 2, "must be an http or https URL"],
  [["--url", "http://user:secret@localhost"], 2, "without user, query and fragment"],
  [["--url", "http://localhost/?token=secret"], 2, "without user, query and fragment"],
  [["--url", "http://localhost", "--ca-file", "c"], 2, "--ca-file is for an https URL"],
  [["--url", "http://edge-7:80", "--token-file", "t"], 2, "The token would go to edge-7 in clear text"],
  [["--url", "http://localhost", "--token-file", "/none\x1b"], 3, "The token cannot be read from /none␛: ENOENT"],
  [["--url", "http://localhost", "--token-file", "/dev/zero"], 3, "/dev/zero is not a file, so it holds no token"],
  [["--options", "/none.json"], 3, "The options file /none.json cannot be read"],
];

for (const [args, expected, says] of WRONG) {
  Deno.test(`status ${JSON.stringify(args.join(" "))} is refused with ${expected} before anything is asked`, async () => {
    const { code, out, error } = await runRecorded(["status", ...args]);
    assertEquals([code, out], [expected, ""]);
    assertStringIncludes(error, says);
    assert(!error.includes("secret"), error);
  });
}

for (
  const [what, text] of [
    ["empty", "\n"],
    ["too short", "fifteen-letters"],
    ["two lines", "sixteen-letters-\nand-more\n"],
    ["not ASCII", "é".repeat(16)],
    ["too large", "x".repeat(5_000)],
  ]
) {
  Deno.test(`a token file that is ${what} is refused without its text`, async () => {
    await using directory = await temporaryDirectory();
    const file = await directory.write("token", text!);
    const { code, error } = await runRecorded(["status", "--url", "http://127.0.0.1:1", "--token-file", file]);
    assertEquals([code, error.includes(file), error.split("\n").length], [3, true, 2]);
  });
}

Deno.test("an options file that is wrong ends with 2 and names the place", async () => {
  await using directory = await temporaryDirectory();
  const file = await directory.write("o.json", '{ "Admin": { "Sockt": "x" } }');
  const { code, error } = await runRecorded(["status", "--options", file]);
  assertEquals(code, 2);
  assertStringIncludes(error, `${file}:1:14`);
  assertStringIncludes(error, "Did you mean Admin:Socket?");
});

Deno.test("a URL without a listener says so and ends with 3", async () => {
  const { code, error } = await runRecorded(["status", "--url", "http://127.0.0.1:1"]);
  assertEquals(code, 3);
  assertStringIncludes(error, "Nothing answers at http://127.0.0.1:1: ");
  assertStringIncludes(error, "refused");
});
