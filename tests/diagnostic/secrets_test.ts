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
    "passphrase dsn bearer jwt conn_str connStr webhook_url sessionKey token2 DB_PASS1 subscription-key";
  for (const name of names.split(" ")) assert(isSecretName(name), name);
});

Deno.test("names that merely resemble those of secrets are not masked", () => {
  const names =
    "connection_timeout max_connections keyboard key id_field tokenizer canvas health_check compass title " +
    "provider __proto__ constructor primary_key key_column partitionKey sort_key pinned spin pinning " +
    "monkey turnkey public_key foreignKey signal sign salt_marsh certificate author authority webhook_timeout url";
  for (const name of names.split(" ")) assert(!isSecretName(name), name);
});

Deno.test("a text with a credential is known whatever its name", () => {
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

Deno.test("a long number under a secret's name is searched for as a text, and a short one is not", () => {
  const config = { services: { a: { settings: { pin: 483921, token: [-1234567.5], pinTries: 3, port: 654321 } } } };
  assertEquals(secretsIn(config), ["483921", "-1234567.5"]);
});

Deno.test("a search that remembers entries finds what a fresh one finds, whatever else changed", () => {
  const search = openSecretSearch();
  const entry = (connection: string) => ({ connection, deep: [{ password: `${connection}-word` }] });
  const [one, two] = [entry("first-secret"), entry("second-secret")];
  const configs = [
    { dataSources: { password: one, main: two }, variables: { api_key: "variable-key" } },
    { dataSources: { main: two }, variables: { api_key: "another-key" } },
    { dataSources: { main: entry("second-secret"), token: two }, other: { password: two } },
    { dataSources: {}, services: { odata: one } },
  ];
  for (const config of configs) assertEquals(search(config), secretsIn(config));
  assertEquals(search(configs[0]).length, 5);
});
