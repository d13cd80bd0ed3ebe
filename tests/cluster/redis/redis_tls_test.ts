// Redis over TLS: a private authority, the name that a certificate must bear, a certificate of the client's own; and no
// connection if any of them is wrong.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { RedisTls } from "../../../src/cluster/redis/redis_connection.ts";
import { makeAuthority, makeCertificate } from "../../support/certificates.ts";
import { startRedis } from "../../support/redis_server.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { A, connectionTo, openInstance, openUp, singleTo } from "./redis_notifying.ts";
import { announcementOf } from "../../support/announcement_of.ts";

const PLAIN: RedisTls = { host: null, ca: null, certificate: null, key: null };

/** A server that asks for client certificates, and all that it takes to be let in. */
async function startTls() {
  const directory = await temporaryDirectory();
  const authority = await makeAuthority(directory.path, "authority");
  const named = await makeCertificate(authority, directory.path, "server", ["DNS:redis.edge.test", "IP:127.0.0.1"]);
  const client = await makeCertificate(authority, directory.path, "client", ["DNS:client.edge.test"]);
  const start = (asksClients: boolean, certificate = named) =>
    startRedis({
      tls: true,
      config: [
        `tls-cert-file ${certificate.certificateFile}`,
        `tls-key-file ${certificate.keyFile}`,
        `tls-ca-cert-file ${authority.certificateFile}`,
        `tls-auth-clients ${asksClients ? "yes" : "no"}`,
      ],
      cli: ["--tls", "--insecure", "--cert", client.certificateFile, "--key", client.keyFile],
    });
  return { directory, authority, client, start, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}

Deno.test("TLS with a private authority works by the address, by a name that is given, and with a client certificate", async () => {
  await using place = await startTls();
  const { authority: { certificate: ca }, client: { certificate, key } } = place;
  await using server = await place.start(false);
  for (const host of [null, "redis.edge.test"]) {
    await using one = await openUp(singleTo(server, { tls: { ...PLAIN, ca, host } }));
    assertEquals((await one.notifier.head()).ok, true);
    const source = { format: "json", bytes: crypto.getRandomValues(new Uint8Array(65_536)) } as const;
    assertEquals(await one.notifier.putSource(A, source), { ok: true });
    assertEquals(await one.notifier.source(A), { ok: true, source });
  }
  await using strict = await place.start(true);
  await using one = await openUp(singleTo(strict, { tls: { host: null, ca, certificate, key } }));
  assertEquals((await one.notifier.announce(announcementOf(A))).kind, "accepted");
  await one.hears(1);
});

const NOT_FOR_OTHER = "its certificate is for redis.edge.test, 127.0.0.1, and not for other.edge.test: " +
  "write a name that it is for as sslHost in the connection string";

Deno.test("TLS without the authority, with another name or without a client certificate is no connection", async () => {
  await using place = await startTls();
  const { authority: { certificate: ca } } = place;
  await using server = await place.start(true);
  const cases = [
    [
      PLAIN,
      "no authority that is trusted here signed its certificate: name the one that did in HighAvailability:Tls:CaFile",
    ],
    [{ ...PLAIN, ca, host: "other.edge.test" }, NOT_FOR_OTHER],
    [{ ...PLAIN, ca }, "it wants a client certificate: set HighAvailability:Tls:CertificateFile and KeyFile"],
  ] as const;
  for (const [tls, reason] of cases) {
    await using one = openInstance(singleTo(server, { tls }));
    assertEquals(await one.down(), `No TLS connection to Redis (127.0.0.1:${server.port}): ${reason}`);
  }
});

Deno.test("a client certificate and a name that is not the host's go together", async () => {
  await using place = await startTls();
  const { authority: { certificate: ca }, client: { certificate, key } } = place;
  await using server = await place.start(true);
  await using one = await openUp(singleTo(server, { tls: { ca, certificate, key, host: "redis.edge.test" } }));
  assertEquals((await one.notifier.head()).ok, true);
  await using other = openInstance(singleTo(server, { tls: { ca, certificate, key, host: "other.edge.test" } }));
  assertEquals(await other.down(), `No TLS connection to Redis (127.0.0.1:${server.port}): ${NOT_FOR_OTHER}`);
});

Deno.test("plain talk to TLS, and TLS to a server that speaks none or is frozen, end in time and leave nothing open", async () => {
  await using place = await startTls();
  const { authority: { certificate: ca }, client: { certificate, key } } = place;
  await using secret = await place.start(false);
  await using plain = await startRedis();
  await using one = openInstance(singleTo(secret));
  assertMatch(await one.down(), /\(127.0.0.1:\d+\).*, before any answer: if it expects TLS, write ssl=true/);
  const connectTimeoutMilliseconds = 200;
  secret.freeze();
  for (const server of [plain, secret]) {
    for (const tls of [{ ...PLAIN, ca }, { host: null, ca, certificate, key }]) {
      await using other = openInstance(singleTo(server, { tls, connectTimeoutMilliseconds }));
      assertMatch(
        await other.down(),
        /^No TLS connection to Redis \(127.0.0.1:\d+\) within 200 ms: .* expect no TLS there/,
      );
    }
  }
});

Deno.test("Sentinels are asked over TLS too", async () => {
  await using place = await startTls();
  const { authority: { certificate: ca, certificateFile }, directory } = place;
  await using server = await place.start(false);
  await using sentinel = await startRedis({
    sentinel: true,
    tls: true,
    config: [
      `tls-cert-file ${directory.file("server.crt")}`,
      `tls-key-file ${directory.file("server.key")}`,
      `tls-ca-cert-file ${certificateFile}`,
      "tls-auth-clients no",
      "tls-replication yes",
      `sentinel monitor edge ${server.host} ${server.port} 1`,
    ],
  });
  const servers = { kind: "sentinel", serviceName: "edge", endpoints: [sentinel] } as const;
  await using one = await openUp(connectionTo(servers, { tls: { ...PLAIN, ca } }));
  assertEquals((await one.notifier.head()).ok, true);
});

Deno.test("each session uses the renewed certificates, and the renewed password for Redis and Sentinel", async () => {
  await using place = await startTls();
  const { authority: { certificate: ca }, client: { certificate, key } } = place;
  await using strict = await place.start(true);
  const other = await makeAuthority(place.directory.path, "other");
  const foreign = await makeCertificate(other, place.directory.path, "foreign", ["DNS:client.edge.test"]);
  let tls: RedisTls = { host: null, ca, certificate: foreign.certificate, key: foreign.key };
  await using one = openInstance(singleTo(strict, { tls }), {
    renew: () => Promise.resolve(singleTo(strict, { tls })),
  });
  await one.down();
  tls = { host: null, ca, certificate, key };
  await one.up();

  const requirepass = ["requirepass new-password"];
  const cli = ["-a", "new-password", "--no-auth-warning"];
  await using server = await startRedis({ config: requirepass, cli });
  await using sentinel = await startRedis({
    sentinel: true,
    cli,
    config: [
      ...requirepass,
      `sentinel monitor edge ${server.host} ${server.port} 1`,
      "sentinel auth-pass edge new-password",
    ],
  });
  const servers = { kind: "sentinel", serviceName: "edge", endpoints: [sentinel] } as const;
  let password = "old-password";
  const renew = () => Promise.resolve(connectionTo(servers, { password }));
  await using two = openInstance(connectionTo(servers, { password }), { renew, instance: "edge-2" });
  assertStringIncludes(await two.down(), "refuses the user name or the password");
  password = "new-password";
  await two.up();
});
