import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { verifyServerForm } from "../../src/snapshot/server_form.ts";
import { verifyInTurns } from "../../src/snapshot/snapshot.ts";
import { runRecorded } from "../support/recording_terminal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const SOURCE = `honua { version = "1.0" }
data_source "db" {
  provider   = "postgresql"
  connection = "Host=\${env:DB_HOST};Password=literal-secret"
}
variable "greeting" = "hello"
service "odata" { note = "\${env:NOTE}", region = var.greeting }
`;
const ENVIRONMENT = { DB_HOST: "db.example.com", NOTE: "from-the-environment" };

Deno.test("print masks secrets and values of the environment", async () => {
  const { code, out } = await runRecorded(["print", "-"], { input: SOURCE, environment: ENVIRONMENT });
  assertEquals(code, 0);
  for (const secret of ["literal-secret", "db.example.com", "from-the-environment"]) {
    assertEquals(out.includes(secret), false, secret);
  }
  assertStringIncludes(out, "hello");
});

Deno.test("print masks values of the environment even if they are split, typed or short", async () => {
  const input = 'honua { allowed_hosts = env("O") environment = env("P") }\n' +
    'data_source "d" { provider = "sqlite" connection = "x" pool { max_size = env("N") } }\n' +
    'variable "innocent" = "hunter2"\ncache "c" { connection = "Pwd=var.innocent" }\n';
  const { code, out } = await runRecorded(["print", "-"], { input, environment: { O: "one,two", P: "pin", N: "017" } });
  assertEquals(code, 0);
  const { honua, dataSources, variables } = JSON.parse(out);
  assertEquals([honua.allowedHosts, honua.environment], ["[masked]", "[masked]"]);
  assertEquals([dataSources.d.pool.maxSize, variables.innocent], ["[masked]", "[masked]"]);
});

Deno.test("print masks a variable that is a secret number, and no other number", async () => {
  const input = 'variable "n" = 483921\nvariable "m" = 48\nservice "s" { pin = var.n }\n';
  const { out } = await runRecorded(["print", "-"], { input });
  assertEquals(JSON.parse(out).variables, { n: "[masked]", m: 48 });
});

Deno.test("print --show-secrets is the snapshot, byte for byte", async () => {
  const { out } = await runRecorded(["print", "--show-secrets", "-"], { input: SOURCE, environment: ENVIRONMENT });
  const verified = await verifyInTurns(new TextEncoder().encode(out));
  assertEquals(verified.ok, true);
  assertStringIncludes(out, "Host=db.example.com;Password=literal-secret");
});

Deno.test("print --portable leaves the environment standing, and is a source with the same hash", async () => {
  const portable = await runRecorded(["print", "--portable", "--show-secrets", "-"], {
    input: SOURCE,
    environment: ENVIRONMENT,
  });
  const { $snapshot, services } = JSON.parse(portable.out);
  assertEquals(services.odata.settings, { note: '${env("NOTE")}', region: "hello" });
  const again = await runRecorded(["validate", "--format", "json", "--name", "p.json", "-"], {
    input: portable.out,
    environment: { DB_HOST: "elsewhere", NOTE: "other" },
  });
  assertEquals(JSON.parse(again.out).files[0].hash, $snapshot.hash);
});

Deno.test("the hash is the same in every environment, the content is not", async () => {
  const hashes = [];
  for (const DB_HOST of ["one", "two"]) {
    const environment = { ...ENVIRONMENT, DB_HOST };
    const { out } = await runRecorded(["print", "--show-secrets", "-"], { input: SOURCE, environment });
    hashes.push(JSON.parse(out).$snapshot);
  }
  assertEquals(hashes[0].hash, hashes[1].hash);
  assertNotEquals(hashes[0].contentHash, hashes[1].contentHash);
});

Deno.test("print says why there is no snapshot", async () => {
  assertEquals((await runRecorded(["print", "/nonexistent/honua.hcl"])).code, 3);
  const invalid = await runRecorded(["print", "-"], { input: SOURCE });
  assertEquals([invalid.code, invalid.out], [1, ""]);
  assertStringIncludes(invalid.error, "DB_HOST");
});

Deno.test("init writes a starter file without a mistake or a warning, and never over another", async () => {
  await using directory = await temporaryDirectory();
  const file = directory.file("new/directory/honua.hcl");
  const first = await runRecorded(["init", file]);
  // These tests run from the checkout, where the program has no name on the PATH.
  const advice = `check it after an edit with: scripts/deno run -A main.ts validate ${file}\n`;
  assertEquals([first.code, first.error], [0, `Wrote ${file}; ${advice}`]);
  assertEquals((await runRecorded(["validate", "--strict", file])).code, 0);
  await Deno.writeTextFile(file, "# mine\n");
  const second = await runRecorded(["init", file]);
  assertEquals(second.code, 3);
  assertStringIncludes(second.error, "exists already");
  assertEquals((await runRecorded(["init", "--if-missing", file])).code, 0);
  assertEquals(await Deno.readTextFile(file), "# mine\n");
  assertEquals((await runRecorded(["init", `${file}/below`])).code, 3);
  const json = await runRecorded(["init", directory.file("honua.json")]);
  assertEquals(json.code, 2);
  assertStringIncludes(json.error, "name a file that ends in .hcl");
});

Deno.test("init - is the starter file on standard output", async () => {
  const { out } = await runRecorded(["init", "-"]);
  assertEquals((await runRecorded(["validate", "--strict", "-"], { input: out })).code, 0);
});

Deno.test("print --server is the server form: masked without a digest, else byte for byte", async () => {
  const given = { input: SOURCE, environment: ENVIRONMENT };
  const masked = await runRecorded(["print", "--server", "-"], given);
  assertEquals(masked.code, 0);
  assertMatch(
    masked.out,
    /^# honua-configd server form 1 hash=[0-9a-f]{64} contentHash=\[masked\] body=\[masked\]\n/,
  );
  for (const secret of ["literal-secret", "db.example.com", "from-the-environment"]) {
    assertEquals(masked.out.includes(secret), false, secret);
  }
  const { out } = await runRecorded(["print", "--server", "--show-secrets", "-"], given);
  const verified = await verifyServerForm(new TextEncoder().encode(out));
  assert(verified.ok);
  assertStringIncludes(masked.out, verified.header.hash);
});
