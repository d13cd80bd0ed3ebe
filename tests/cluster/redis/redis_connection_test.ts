// How Redis is reached, put together from options, environment and files, and that its secrets are known.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import {
  type ConnectionOptions,
  describeConnection,
  type ReadFile,
  resolveConnection,
  type ResolvedConnection,
} from "../../../src/cluster/redis/redis_connection.ts";
import { textMasker } from "../../../src/diagnostic/text_masker.ts";
import { makeAuthority, makeCertificate } from "../../support/certificates.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n";

type Given = Partial<Omit<ConnectionOptions["highAvailability"], "tls">> & {
  readonly shared?: string;
  readonly tls?: Partial<ConnectionOptions["highAvailability"]["tls"]>;
};

function optionsOf({ shared = undefined, tls = {}, ...given }: Given): ConnectionOptions {
  return {
    highAvailability: {
      redisConnectionString: null,
      connectionTimeoutMs: 5_000,
      redisPasswordFile: null,
      ...given,
      tls: { caFile: null, certificateFile: null, keyFile: null, ...tls },
    },
    connectionStrings: { redis: shared ?? null },
  };
}

async function resolved(given: Given, environment = {}): Promise<Extract<ResolvedConnection, { ok: true }>> {
  const result = await resolveConnection(optionsOf(given), environment);
  if (!result.ok) throw new Error(result.message);
  return result;
}

async function refused(given: Given, environment = {}, readFile?: ReadFile): Promise<[string, boolean]> {
  const result = await resolveConnection(optionsOf(given), environment, readFile);
  if (result.ok) throw new Error("resolved");
  return [result.message, result.isOption];
}

Deno.test("the string of HighAvailability beats the shared one, and the message without either says how to set one", async () => {
  const both = await resolved({ redisConnectionString: "own:1", shared: "shared:2" });
  assertEquals(describeConnection(both.connection), "own:1");
  assertEquals(describeConnection((await resolved({ shared: "shared:2" })).connection), "shared:2");
  const [message, isOption] = await refused({});
  assert(isOption);
  assertStringIncludes(message, "set HighAvailability:RedisConnectionString or ConnectionStrings:Redis");
});

Deno.test("a string that is not understood is a mistake of the option that holds it", async () => {
  assertEquals(await refused({ shared: "h,ssl=perhaps" }), [
    "ConnectionStrings:Redis: ssl must be true or false",
    true,
  ]);
  const [message] = await refused({ redisConnectionString: "h:x", shared: "h" });
  assertStringIncludes(message, "HighAvailability:RedisConnectionString: Part 1");
  const { warnings } = await resolved({ shared: "h,keepAlive=1" });
  assertEquals(warnings.map(({ path }) => path), ["ConnectionStrings:Redis"]);
});

Deno.test("the string's connectTimeout beats the option's", async () => {
  const timeoutOf = async (text: string) =>
    (await resolved({ redisConnectionString: text, connectionTimeoutMs: 7_000 })).connection.connectTimeoutMilliseconds;
  assertEquals(await timeoutOf("h"), 7_000);
  assertEquals(await timeoutOf("h,connectTimeout=250"), 250);
});

Deno.test("a password file beats the string's password, without its one last newline", async () => {
  await using directory = await temporaryDirectory();
  for (
    const [text, password] of [["hunter2", "hunter2"], ["hunter2\r\n", "hunter2"], [" hunter2\n\n", " hunter2\n"], [
      "two\nlines\n",
      "two\nlines",
    ]]
  ) {
    const redisPasswordFile = await directory.write("password", text!);
    const { connection, warnings, secrets } = await resolved({ redisConnectionString: "h", redisPasswordFile });
    assertEquals([connection.password, warnings.length, secrets.includes(password!)], [password!, 0, true]);
  }
  const redisPasswordFile = await directory.write("password", "from-file\n");
  const both = await resolved({ redisConnectionString: "h,password=from-string", redisPasswordFile });
  assertEquals([both.connection.password, both.warnings.length], ["from-file", 1]);
  assert(both.secrets.includes("from-string") && both.secrets.includes("from-file"));
});

Deno.test("a bare name is a credential of systemd, else a path", async () => {
  await using credentials = await temporaryDirectory();
  await credentials.write("redis", "from-systemd\n");
  const environment = { CREDENTIALS_DIRECTORY: credentials.path };
  const passwordOf = async (redisPasswordFile: string, environment: Record<string, string>) =>
    (await resolved({ redisConnectionString: "h", redisPasswordFile }, environment)).connection.password;
  assertEquals(await passwordOf("redis", environment), "from-systemd");
  assertEquals(await passwordOf(credentials.file("redis"), {}), "from-systemd");
  const asked: string[] = [];
  const readFile: ReadFile = (path) => {
    asked.push(path);
    return Promise.reject(new Deno.errors.NotFound());
  };
  const refusal = await refused({ redisConnectionString: "h", redisPasswordFile: "redis" }, environment, readFile);
  assertEquals(refusal, ["HighAvailability:RedisPasswordFile: redis does not exist (NotFound)", false]);
  assertEquals(asked, [join(credentials.path, "redis"), "redis"]);
  asked.length = 0;
  await refused({ redisConnectionString: "h", redisPasswordFile: "./redis" }, environment, readFile);
  await refused({ redisConnectionString: "h", redisPasswordFile: "redis" }, {}, readFile);
  assertEquals(asked, ["./redis", "redis"]);
});

Deno.test("a password file that cannot be used is refused by its name, and none of it is quoted", async () => {
  await using directory = await temporaryDirectory();
  const cases: [string, string | Uint8Array, string][] = [
    ["empty", "", "holds no password"],
    ["newline", "\n", "holds no password"],
    ["large", "x".repeat(65_537), "is larger than 65536 bytes"],
    ["binary", new Uint8Array([0x70, 0xff]), "is not UTF-8"],
  ];
  for (const [name, content, what] of cases) {
    const redisPasswordFile = directory.file(name);
    await Deno.writeFile(redisPasswordFile, typeof content === "string" ? new TextEncoder().encode(content) : content);
    const refusal = await refused({ redisConnectionString: "h", redisPasswordFile });
    assertEquals(refusal, [`HighAvailability:RedisPasswordFile: ${redisPasswordFile} ${what}`, false]);
  }
  const largest = await directory.write("largest", "x".repeat(65_536));
  assertEquals((await resolved({ shared: "h", redisPasswordFile: largest })).connection.password?.length, 65_536);
  // Neither a directory nor a pipe without a writer is waited for.
  const pipe = directory.file("pipe");
  assert((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
  for (const path of [directory.path, pipe]) {
    const [message] = await refused({ redisConnectionString: "h", redisPasswordFile: path });
    assertStringIncludes(message, "cannot be read");
  }
});

Deno.test("TLS has its files' texts, and the system's authorities if no file is named", async () => {
  await using directory = await temporaryDirectory();
  const client = await makeCertificate(await makeAuthority(directory.path, "authority"), directory.path, "client", [
    "DNS:client.edge.test",
  ]);
  const { certificateFile, keyFile, certificate, key } = client;
  const tls = { caFile: await directory.write("ca.pem", `Some words\n${CERTIFICATE}`), certificateFile, keyFile };
  const { connection, secrets } = await resolved({ redisConnectionString: "h,ssl=true,sslHost=redis.example", tls });
  assertEquals(connection.tls, { host: "redis.example", ca: `Some words\n${CERTIFICATE}`, certificate, key });
  assert(secrets.includes(key));
  const bare = await resolved({ redisConnectionString: "rediss://h" });
  assertEquals(bare.connection.tls, { host: null, ca: null, certificate: null, key: null });
  assertEquals((await resolved({ redisConnectionString: "redis://h" })).connection.tls, null);
});

Deno.test("TLS files that are not PEM, encrypted, missing or without TLS in the string are refused", async () => {
  await using directory = await temporaryDirectory();
  const ca = await directory.write("ca.pem", CERTIFICATE);
  const key = await directory.write("client.key", KEY);
  const encrypted = await directory.write("encrypted.key", KEY.replaceAll("EC PRIVATE", "ENCRYPTED PRIVATE"));
  const why = async (redisConnectionString: string, tls: Given["tls"]) =>
    await refused({ redisConnectionString, tls: tls! });
  const [notPem, notPemIsOption] = await why("h,ssl=true", { caFile: key });
  assertStringIncludes(notPem, `HighAvailability:Tls:CaFile: ${key} is not PEM`);
  assertEquals(notPemIsOption, false);
  const [swapped] = await why("h,ssl=true", { certificateFile: ca, keyFile: ca });
  assertStringIncludes(swapped, `HighAvailability:Tls:KeyFile: ${ca} is not PEM`);
  const [locked] = await why("h,ssl=true", { certificateFile: ca, keyFile: encrypted });
  assertStringIncludes(locked, `${encrypted} is encrypted`);
  const [strange] = await why("h,ssl=true", { certificateFile: ca, keyFile: key });
  assertStringIncludes(strange, "Tls:CertificateFile and HighAvailability:Tls:KeyFile: the certificate cannot be");
  const [missing] = await why("h,ssl=true", { caFile: directory.file("none") });
  assertStringIncludes(missing, "does not exist");
  const [halved, halvedIsOption] = await why("h,ssl=true", { certificateFile: ca });
  assertStringIncludes(halved, "together or not at all");
  const [noTls, noTlsIsOption] = await why("h", { caFile: ca });
  assertStringIncludes(noTls, "asks for no TLS");
  assertEquals([halvedIsOption, noTlsIsOption], [true, true]);
});

Deno.test("every secret is masked in every form of the strings, also of the unused one", async () => {
  const strings = ["redis://app:p%40ss-w0rd@h:1/2", "host:6379,password=other+secret=1,ssl=true"] as const;
  const { secrets } = await resolved({ redisConnectionString: strings[0], shared: strings[1] });
  const masked = textMasker(secrets);
  const forms = [...strings, "p@ss-w0rd", "p%40ss-w0rd", "other+secret=1", encodeURIComponent("other+secret=1")];
  for (const form of forms) assertEquals(masked(`before ${form} after`), "before [masked] after");
  const pasted = await resolved({ redisConnectionString: "redis://:a/b@c@h" });
  assert(pasted.secrets.includes("a/b@c"));
  for (const text of ["host,user=app", "host,pasword=hunter2"]) {
    assert((await resolved({ shared: text })).secrets.includes(text));
  }
});

Deno.test("of a string that is used or not, or not understood, the secrets are the whole and the password as it is written", async () => {
  const cases: readonly (readonly [string, ...string[]])[] = [
    ["redis://:p%40s%2fs@h", "redis://:p%40s%2fs@h", "p@s/s", "p%40s%2fs"],
    [" h,password=hush ", "h,password=hush", "hush"],
    ["redis://app:@h", "redis://app:@h"],
    // A text in a password that looks like a URL is none.
    ["h:1,password=a://b:c@d", "h:1,password=a://b:c@d", "a://b:c@d"],
    ["redis://app:two\nlines@h:x", "redis://app:two\nlines@h:x", "two\nlines"],
    ["://app:hush@h", "://app:hush@h", "hush"],
    ["redis://h"],
  ];
  for (const [shared, ...secrets] of cases) {
    assertEquals((await resolved({ redisConnectionString: "h", shared })).secrets, secrets, shared);
  }
});

Deno.test("a string with nothing but the address of Redis is no secret", async () => {
  const given = { redisConnectionString: "redis.example:6379,ssl=true", shared: "localhost:6379" };
  assertEquals((await resolved(given)).secrets, []);
});

Deno.test("a description names the address of a connection and not its user", async () => {
  const described = async (redisConnectionString: string) =>
    describeConnection((await resolved({ redisConnectionString })).connection);
  assertEquals(await described("redis://app:hunter2@h:1/2"), "h:1 (database 2)");
  assertEquals(await described("rediss://[::1]:7000"), "[::1]:7000 (TLS)");
  assertEquals(await described("a,b,password=hunter2"), "a:6379, b:6379");
  assertEquals(await described("a,serviceName=mymaster,ssl=1"), "a:26379 (Sentinel's mymaster, TLS)");
  assertEquals(await described("unix://app:hunter2@/run/\x1bredis.sock"), "/run/␛redis.sock");
});
