import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type AdminSettings, openAdminServer } from "../../src/admin/server.ts";
import { withinLimit } from "../../src/time/limit.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { openAdminHost, problemOf, TOKEN } from "./admin_host.ts";
import { fakeDaemonApi } from "./fake_daemon_api.ts";

const NO_TLS = { certificateFile: null, keyFile: null };

function open(settings: Partial<AdminSettings>) {
  const log = { information: () => {}, warning: () => {}, error: () => {} };
  const nothing = { socket: null, listen: null, tokenFile: null, tls: NO_TLS };
  return openAdminServer({ ...nothing, api: fakeDaemonApi(), log, ...settings });
}

async function refusalOf(settings: Partial<AdminSettings>): Promise<[string, boolean]> {
  const opened = await open(settings);
  if (!opened.ok) return [opened.message, opened.isOption];
  await opened.server[Symbol.asyncDispose]();
  return ["opened", false];
}

async function makeCertificate(directory: string): Promise<{ certificateFile: string; keyFile: string }> {
  const [certificateFile, keyFile] = [`${directory}/certificate.pem`, `${directory}/key.pem`];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", keyFile];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const leaf = ["-addext", "basicConstraints=critical,CA:FALSE", "-days", "2", "-out", certificateFile];
  const { code, stderr } = await new Deno.Command("openssl", { args: ["req", "-x509", ...key, ...names, ...leaf] })
    .output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  return { certificateFile, keyFile };
}

Deno.test("an interface that is asked for nowhere is nowhere", async () => {
  for (const none of [null, ""]) {
    const opened = await open({ socket: none, listen: none });
    assert(opened.ok);
    await using server = opened.server;
    assertEquals(server.addresses(), []);
  }
});

Deno.test("the interface says its address", async () => {
  await using host = await openAdminHost();
  const [socket, tcp] = host.server.addresses();
  assertEquals(socket, host.socket);
  assert(/^http:\/\/127\.0\.0\.1:\d+$/.test(tcp!));
});

Deno.test("an address without a token is refused", async () => {
  for (const listen of ["127.0.0.1:0", "localhost:0", "[::1]:0", "0.0.0.0:0"]) {
    const [message, isOption] = await refusalOf({ listen });
    assertStringIncludes(message, "Admin:Listen needs Admin:TokenFile");
    assertEquals(isOption, true);
  }
});

Deno.test("an address that others can reach is refused without TLS", async () => {
  await using directory = await temporaryDirectory();
  const tokenFile = await directory.write("token", TOKEN);
  for (const listen of ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"]) {
    for (const tls of [NO_TLS, { ...NO_TLS, keyFile: tokenFile }, { ...NO_TLS, certificateFile: tokenFile }]) {
      const [message, isOption] = await refusalOf({ listen, tokenFile, tls });
      assertStringIncludes(message, "needs Admin:Tls:CertificateFile");
      assertEquals(isOption, true);
    }
  }
});

Deno.test("an invalid address is refused, a name too", async () => {
  for (
    const listen of ["example.org:80", "127.0.0.1", "127.0.0.1:65536", ":80", "127.1:80", "1.2.3.256:1", "[::1:80"]
  ) {
    const [message, isOption] = await refusalOf({ listen, tokenFile: "token" });
    assertStringIncludes(message, "Admin:Listen must be localhost or a literal address");
    assertEquals([listen, isOption], [listen, true]);
  }
});

Deno.test("an address that others can reach is refused without a good token", async () => {
  await using directory = await temporaryDirectory();
  const tls = await makeCertificate(directory.path);
  const short = await directory.write("short", "fifteen-letters");
  for (const tokenFile of [directory.file("none"), short]) {
    const [message, isOption] = await refusalOf({ listen: "0.0.0.0:0", tokenFile, tls });
    assertStringIncludes(message, ": Admin:TokenFile must name a file with a token");
    assertEquals([message.includes(tokenFile), isOption], [true, true]);
  }
});

Deno.test("with TLS any address will do, and the traffic is encrypted", async () => {
  await using directory = await temporaryDirectory();
  const tls = await makeCertificate(directory.path);
  await using host = await openAdminHost({ listen: "0.0.0.0:0", tls });
  const { port } = new URL(host.server.addresses()[1]!);
  const caCerts = [await Deno.readTextFile(tls.certificateFile)];
  using client = Deno.createHttpClient({ caCerts });
  const health = await fetch(`https://localhost:${port}/livez`, { client });
  assertEquals([health.status, await health.text()], [200, '{"status":"alive"}\n']);
  const status = await fetch(`https://localhost:${port}/admin/status`, { client });
  assertEquals((await problemOf(status)).code, "admin/unauthorized");
  const plain = await fetch(`http://localhost:${port}/livez`).then((response) => response.text(), () => "refused");
  assertEquals(plain, "refused");
});

Deno.test("a client that does not end its handshake keeps its place until it goes, and others wait for it", async () => {
  await using directory = await temporaryDirectory();
  const tls = await makeCertificate(directory.path);
  await using host = await openAdminHost({ tls, limits: { headMilliseconds: 50, maxConnections: 1 } });
  const { port } = new URL(host.server.addresses()[1]!);
  const caCerts = [await Deno.readTextFile(tls.certificateFile)];
  const isServed = async () => {
    // A new client each time; its connection ends with it.
    using client = Deno.createHttpClient({ caCerts });
    const response = await fetch(`https://localhost:${port}/livez`, { client }).catch(() => null);
    await response?.body?.cancel();
    return response?.ok ?? false;
  };
  const connect = async (text: string) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
    await connection.write(new TextEncoder().encode(text));
    return connection;
  };
  for (const text of ["", "\x16\x03\x01"]) {
    const connection = await connect(text);
    let isAnswered = false;
    const answered = isServed().finally(() => isAnswered = true);
    for (const begun = performance.now(); performance.now() - begun < 150;) {
      await (await host.ask("/livez")).body?.cancel();
      assertEquals(isAnswered, false);
    }
    connection.close();
    await answered;
    await eventually("there is room", isServed);
  }
  assert(host.logged.some(({ message }) => message.endsWith("1 connections are open, further ones have to wait")));
  using noTls = await connect("GET / HTTP/1.1\r\n\r\n");
  await eventually("there is room though it stays", isServed);
  assertEquals(noTls.remoteAddr.transport, "tcp");
});

Deno.test("clients that do not end their handshakes take no more descriptors than there may be connections", async () => {
  await using directory = await temporaryDirectory();
  const tls = await makeCertificate(directory.path);
  await using host = await openAdminHost({ tls, limits: { maxConnections: 3 } });
  const { port } = new URL(host.server.addresses()[1]!);
  const descriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = descriptors();
  const connections = await Promise.all(
    Array.from({ length: 20 }, () => Deno.connect({ hostname: "127.0.0.1", port: Number(port) })),
  );
  await eventually("it is full", () => host.logged.length > 0);
  // Both ends are in this process; one more is accepted, and waits.
  assertEquals(descriptors() - before, connections.length + 4);
  for (const connection of connections) connection.close();
  await eventually("all are gone", () => descriptors() <= before);
});

// Deno ends a handshake with its client, not before: the descriptor of such a connection goes when its client does.
Deno.test("an interface closes beside connections in the middle of their handshake, and takes no further ones", async () => {
  await using directory = await temporaryDirectory();
  const tls = await makeCertificate(directory.path);
  const descriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = descriptors();
  await using host = await openAdminHost({ tls });
  const { port } = new URL(host.server.addresses()[1]!);
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  const connections = [await connect(), await connect()];
  await connections[1]!.write(new TextEncoder().encode("\x16\x03\x01"));
  assertEquals((await withinLimit(host.server[Symbol.asyncDispose]() as Promise<void>, 10_000)).ok, true);
  await assertRejects(connect, Deno.errors.ConnectionRefused);
  assertEquals(host.logged, []);
  for (const connection of connections) connection.close();
  await eventually("all are gone", () => descriptors() <= before);
});

Deno.test("a token file that others can read is a warning", async () => {
  await using directory = await temporaryDirectory();
  const tokenFile = await directory.write("token", TOKEN);
  await Deno.chmod(tokenFile, 0o644);
  await using host = await openAdminHost({ tokenFile });
  assertEquals(host.logged.map(({ message }) => message), [
    `${tokenFile} has mode 0644: accounts that should not can read or replace the token`,
  ]);
});
