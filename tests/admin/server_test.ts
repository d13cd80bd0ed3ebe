import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type AdminSettings, openAdminServer } from "../../src/admin/server.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { openAdminHost, problemOf, TOKEN } from "./admin_host.ts";
import { fakeSubject } from "./fake_subject.ts";

const NO_TLS = { certificateFile: null, keyFile: null };

function open(settings: Partial<AdminSettings>) {
  const log = { warning: () => {}, error: () => {} };
  const nothing = { socket: null, listen: null, tokenFile: null, tls: NO_TLS };
  return openAdminServer({ ...nothing, subject: fakeSubject(), log, ...settings });
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
    assertEquals(server.addresses, []);
  }
});

Deno.test("the interface tells where it is reached", async () => {
  await using host = await openAdminHost();
  const [socket, tcp] = host.server.addresses;
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
    const [message, isOption] = await refusalOf({ listen, tokenFile });
    assertStringIncludes(message, "needs Admin:Tls:CertificateFile");
    assertEquals(isOption, true);
  }
});

Deno.test("an address that is none is refused, a name too", async () => {
  for (
    const listen of ["example.org:80", "127.0.0.1", "127.0.0.1:65536", ":80", "127.1:80", "1.2.3.256:1", "[::1:80"]
  ) {
    const [message, isOption] = await refusalOf({ listen, tokenFile: "token" });
    assertStringIncludes(message, "Admin:Listen must be localhost or a literal address");
    assertEquals([listen, isOption], [listen, true]);
  }
});

Deno.test("a port that is taken, and a token that cannot be read, are the host's trouble", async () => {
  await using directory = await temporaryDirectory();
  const tokenFile = await directory.write("token", TOKEN);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const busy = await refusalOf({ listen: `127.0.0.1:${taken.addr.port}`, tokenFile });
  assertEquals(busy, [`Port ${taken.addr.port} of 127.0.0.1 cannot be listened on: Address already in use`, false]);
  const missing = await refusalOf({ listen: "127.0.0.1:0", tokenFile: directory.file("none") });
  assertEquals(missing, [`The token cannot be read from ${directory.file("none")}: ENOENT`, false]);
});

Deno.test("where the socket cannot be opened the port is not either", async () => {
  await using directory = await temporaryDirectory();
  const tokenFile = await directory.write("token", TOKEN);
  using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  const settings = { listen: `127.0.0.1:${port}`, tokenFile, socket: directory.file("none/admin.sock") };
  assertStringIncludes((await refusalOf(settings))[0], "There is no directory");
  using again = Deno.listen({ hostname: "127.0.0.1", port });
  assertEquals(again.addr.port, port);
});

Deno.test("with TLS any address will do, and what is said there is encrypted", async () => {
  await using directory = await temporaryDirectory();
  const tls = await makeCertificate(directory.path);
  await using host = await openAdminHost({ listen: "0.0.0.0:0", tls });
  const { port } = new URL(host.server.addresses[1]!);
  const caCerts = [await Deno.readTextFile(tls.certificateFile)];
  using client = Deno.createHttpClient({ caCerts });
  const health = await fetch(`https://localhost:${port}/livez`, { client });
  assertEquals([health.status, await health.text()], [200, '{"status":"alive"}\n']);
  const status = await fetch(`https://localhost:${port}/admin/status`, { client });
  assertEquals((await problemOf(status)).code, "admin/unauthorized");
  const plain = await fetch(`http://localhost:${port}/livez`).then((response) => response.text(), () => "refused");
  assertEquals(plain, "refused");
});

Deno.test("certificates and keys that are none are named, and nothing of them is shown", async () => {
  await using directory = await temporaryDirectory();
  const { certificateFile, keyFile } = await makeCertificate(directory.path);
  const tokenFile = await directory.write("token", TOKEN);
  const garbage = await directory.write("garbage", "SECRET PEM");
  const refusal = (tls: AdminSettings["tls"]) => refusalOf({ listen: "127.0.0.1:0", tokenFile, tls });
  for (const tls of [{ certificateFile: garbage, keyFile }, { certificateFile, keyFile: garbage }]) {
    const [message, isOption] = await refusal(tls);
    assertStringIncludes(message, `${tls.certificateFile} and ${tls.keyFile} are no certificate and its key`);
    assertEquals([message.includes("SECRET"), isOption], [false, false]);
  }
  const [message] = await refusal({ certificateFile: directory.file("none"), keyFile });
  assertStringIncludes(message, `${directory.file("none")} cannot be read: No such file`);
});

Deno.test("a client that begins no handshake is counted out, and another takes its place", async () => {
  await using directory = await temporaryDirectory();
  const tls = await makeCertificate(directory.path);
  await using host = await openAdminHost({ tls, limits: { headMilliseconds: 50, maxConnections: 1 } });
  const { port } = new URL(host.server.addresses[1]!);
  using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(tls.certificateFile)] });
  for (const text of ["", "\x16\x03\x01", "GET / HTTP/1.1\r\n\r\n"]) {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
    await connection.write(new TextEncoder().encode(text));
    await eventually("there is room", async () => {
      const response = await fetch(`https://localhost:${port}/livez`, { client });
      await response.body?.cancel();
      return response.ok;
    });
  }
});

Deno.test("a token file that others can read is a warning", async () => {
  await using directory = await temporaryDirectory();
  const tokenFile = await directory.write("token", TOKEN);
  await Deno.chmod(tokenFile, 0o644);
  await using host = await openAdminHost({ tokenFile });
  assertEquals(host.server.warnings, [
    `${tokenFile} has mode 0644: accounts that should not can read or replace the token`,
  ]);
});
