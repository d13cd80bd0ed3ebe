import { assert, assertEquals } from "@std/assert";
import {
  isSecretName,
  looksSecret,
  MASK,
  maskConfig,
  openSecretSearch,
  secretsIn,
} from "../../src/diagnostic/secrets.ts";

Deno.test("names of secrets are known in camelCase, snake_case, kebab-case and capitals", () => {
  const names =
    "connection connection_string ConnectionStrings redisConnection password dbPassword passwd PWD secret " +
    "client-secret token max_token_count api_key apiKey API-KEY apikey accessKey private_key credential credentials sas " +
    "pin PIN admin-pin pinCode license_key licenseKey licence_key LICENSEKEY sharedaccesskey SharedAccessKey pw sig " +
    "passphrase dsn bearer jwt conn_str connStr webhook_url sessionKey token2 DB_PASS12 subscription-key connection_2 " +
    "api_2_key sortOrderPin URLMapDBPin";
  for (const name of names.split(" ")) assert(isSecretName(name), name);
});

Deno.test("names that merely resemble those of secrets are not masked", () => {
  const names =
    "connection_timeout max_connections keyboard key id_field tokenizer canvas health_check compass title " +
    "provider __proto__ constructor primary_key key_column partitionKey sort_key pinned spin pinning " +
    "monkey turnkey public_key foreignKey signal sign salt_marsh certificate author authority webhook_timeout url";
  for (const name of names.split(" ")) assert(!isSecretName(name), name);
});

Deno.test("a text with a credential is recognised under any name", () => {
  const texts = [
    "Host=db;Password=hunter2",
    "host=db pwd = hunter2",
    "Server=db;User ID=sa;Encrypt=true",
    "localhost:6379,password=hunter2,ssl=true",
    "redis://:hunter2@cache:6379",
    "postgres://honua:p/w@db/x",
    "https://ghost@example.com",
    "https://x.blob.example/c?sv=1&sig=abc%3D",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
    "AKIAIOSFODNN7EXAMPLE",
    "Authorization: Bearer abcdefghijklmnop",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln",
    '{"password": "x"}',
    "scott/tiger@//db:1521/ORCL",
    "scott/t1ger@ORCL",
    '"scott/t1ger@ORCL"',
    "scott/tiger@(DESCRIPTION=(ADDRESS=(HOST=db)))",
    "scott/tiger@10.0.0.5:1521/ORCL",
    "jdbc:oracle:thin:scott/tiger@db:1521:ORCL",
    "honua:hunter2@tcp(db:3306)/maps",
    "//honua:hunter2@db/maps",
    "Server=db;pin=1234",
    "postgres://team/honua@x:hunter2@db",
  ];
  for (const text of texts) assert(looksSecret(text), text);
});

Deno.test("a text without a credential does not look like a secret", () => {
  const texts = [
    "",
    "roads",
    "Data Source=roads.db",
    "https://example.com/@user",
    "https://example.com",
    "odata",
    "a@b.c",
    "mailto:info@example.com",
    "honua/server@1.2.3",
    "honua/server@v4",
    "honua/server@sha256:0123456789abcdef",
    "@honua/server",
    "git@example.com:honua/server.git",
    "EPSG:4326",
    "//tiles.example.com/a@2x.png",
  ];
  for (const text of texts) assert(!looksSecret(text), text);
});

Deno.test("a printed configuration shows no secret member and no text that looks like a secret", () => {
  const config = {
    dataSources: { token: { id: "token", provider: "sqlite", connection: "Data Source=x.db", pool: { maxSize: 10 } } },
    layers: { roads: { title: "Roads of Kona", fields: { password: { type: "string", nullable: true } } } },
    services: {
      odata: { settings: { apiKey: 12345678, url: "https://u:p@h/", page: 7, deep: { secret: ["a", true] } } },
    },
    variables: { region: "kona", dbPassword: "x", gone: null },
    absent: undefined,
  };
  const expected = {
    dataSources: { token: { id: "token", provider: "sqlite", connection: MASK, pool: { maxSize: 10 } } },
    layers: { roads: { title: "Roads of Kona", fields: { password: { type: "string", nullable: true } } } },
    services: { odata: { settings: { apiKey: MASK, url: MASK, page: 7, deep: { secret: [MASK, true] } } } },
    variables: { region: "kona", dbPassword: MASK, gone: null },
  };
  assertEquals(JSON.stringify(maskConfig(config)), JSON.stringify(expected));
});

Deno.test("a reference to the environment stays readable in a portable configuration only", () => {
  const config = { connection: '${env("DB")}', password: '${env("PW", "fallback")}' };
  assertEquals(JSON.stringify(maskConfig(config)), JSON.stringify({ connection: MASK, password: MASK }));
  const portable = JSON.stringify(maskConfig(config, { keepReferences: true }));
  assertEquals(portable, JSON.stringify({ connection: '${env("DB")}', password: MASK }));
});

Deno.test("a member named __proto__ is copied and masked as any other", () => {
  const config = JSON.parse('{"__proto__": {"password": "hunter2"}, "constructor": "x"}');
  assertEquals(JSON.stringify(maskConfig(config)), `{"__proto__":{"password":"${MASK}"},"constructor":"x"}`);
});

Deno.test("a number under a secret's name is searched for as a text from six characters on", () => {
  const settings = { pin: 483921, token: [-1234567.5, -12345], pinTries: 12345, port: 654321 };
  assertEquals(secretsIn({ services: { a: { settings } } }), ["483921", "-1234567.5", "-12345"]);
});

/** Cases in which a name of a secret is an id that people gave, and in which it is a setting's name. */
const PLACES: readonly (readonly [isSecret: boolean, config: unknown])[] = [
  ...["dataSources", "services", "layers", "caches"].map((block) => [false, { [block]: { token: "plain" } }] as const),
  [false, { rateLimit: { rules: { token: "plain" } } }],
  [false, { layers: { roads: { fields: { token: "plain" } } } }],
  [false, { rateLimit: { rules: { token: { window: "plain" } } } }],
  [false, { layers: { roads: { fields: { token: { type: "plain" } } } } }],
  [false, { layers: { token: { title: "plain" } } }],
  [true, { token: "plain" }],
  [true, { variables: { token: "plain" } }],
  [true, { rateLimit: { token: "plain" } }],
  [true, { rateLimit: { limits: { token: "plain" } } }],
  [true, { limits: { rules: { token: "plain" } } }],
  [true, { services: { odata: { token: "plain" } } }],
  [true, { layers: { roads: { columns: { token: "plain" } } } }],
  [true, { services: { roads: { fields: { token: "plain" } } } }],
  [true, { layers: { roads: { fields: { id: { token: "plain" } } } } }],
  [true, { rateLimit: { rules: { odata: { token: "plain" } } } }],
  // All in a secret setting is secret, under any name and at any depth.
  [true, { services: { odata: { settings: { token: { type: "plain" } } } } }],
  [true, { services: { odata: { settings: { token: [{ type: ["plain"] }] } } } }],
  [true, { variables: { token: { services: { odata: "plain" } } } }],
];

Deno.test("a secret that the search finds is masked in a printed configuration, at each place", () => {
  for (const [isSecret, config] of PLACES) {
    const text = JSON.stringify(config);
    assertEquals(JSON.stringify(maskConfig(config)), isSecret ? text.replace("plain", MASK) : text);
    assertEquals(secretsIn(config), isSecret ? ["plain"] : [], text);
  }
});

Deno.test("a text is masked unless it is empty, and a number under a secret's name however short it is", () => {
  const config = { token: ["", "a", 1, 0, true, false, null], note: ["", "a", 1, "u:p@h"] };
  assertEquals(
    JSON.stringify(maskConfig(config)),
    JSON.stringify({ token: ["", MASK, MASK, MASK, true, false, null], note: ["", "a", 1, MASK] }),
  );
});

Deno.test("a reference with text around it, or with a default, is not only a reference", () => {
  const name = (length: number) => "N".repeat(length);
  const kept = ['${env("A")}', '${env("A.b:c-d_1")}', `\${env("${name(256)}")}`];
  const masked = ['x${env("A")}', '${env("A")}x', ' ${env("A")}', '${env("A", "b")}', '${env("")}', "${env('A')}", "x"];
  for (const password of [...kept, ...masked, `\${env("${name(257)}")}`, '${env("A B")}']) {
    const shown = kept.includes(password) ? password : MASK;
    assertEquals(
      JSON.stringify(maskConfig({ password }, { keepReferences: true })),
      JSON.stringify({ password: shown }),
    );
  }
});

Deno.test("a search that remembers entries finds the secrets of each, after any change of the others", () => {
  const search = openSecretSearch();
  const entry = (connection: string) => ({ connection, deep: [{ password: `${connection}-word` }] });
  const [one, two] = [entry("first-secret"), entry("second-secret")];
  const [first, second] = [one, two].map(({ connection }) => [connection, `${connection}-word`]) as [
    string[],
    string[],
  ];
  const configs: readonly (readonly [config: unknown, found: readonly string[]])[] = [
    [{ dataSources: { password: one, main: two }, variables: { api_key: "key" } }, [...first, ...second, "key"]],
    [{ dataSources: { main: two }, variables: { api_key: "another" } }, [...second, "another"]],
    [{ dataSources: { main: entry("second-secret"), token: two }, other: { password: two } }, second],
    [{ dataSources: {}, services: { odata: one } }, first],
    // An object that is no entry is judged by its place, each time.
    [{ other: { password: { title: "plain" } } }, ["plain"]],
    [{ dataSources: { main: "Host=db;pwd=x", token: null, none: 7 } }, ["Host=db;pwd=x"]],
  ];
  for (const [config, found] of configs) assertEquals([search(config), secretsIn(config)], [found, found]);
});
