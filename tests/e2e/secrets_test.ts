// No secret of a configuration leaves the program but in the snapshot: not in any byte that it writes, with any options
// and for any mistake.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runCommand } from "../support/command.ts";
import { openEdgeHost, replaceFile } from "../support/edge_host.ts";
import { eventually } from "../support/eventually.ts";
import { sampleSource } from "../support/sample_source.ts";

const LITERAL = "Zq7literalW3";
const PROCESS = "Kx9processB5";
const FILE = "Vm4rotatedJ8";
const ROTATED = "Rt2thereafterN6";
const SECRETS = [LITERAL, PROCESS, FILE, ROTATED];

const MAIN = `  connection = "Host=main;Username=honua;Password=${LITERAL}"`;

/** The sample with a secret in each place that may have one. */
const SOURCE = `${sampleSource("first").replace('  connection = env("SAMPLE_CONNECTION")', MAIN)}
data_source "process" {
  provider   = "postgresql"
  connection = "Host=process;Password=\${env:PROCESS_SECRET}"
}

data_source "file" {
  provider   = "postgresql"
  connection = env("FILE_SECRET")
}

cache "redis" {
  type       = "redis"
  connection = "redis:6379,password=\${env:FILE_SECRET}"
}
`;

/** Edits of the source that are wrong in as many ways, each on the line of a secret, or of a value that is one. */
const WRONG: readonly string[] = [
  SOURCE.replace(MAIN, MAIN.slice(0, -1)),
  SOURCE.replace(MAIN, `${MAIN} }`),
  SOURCE.replace(MAIN, `  connection = Host=main;Password=${LITERAL}`),
  SOURCE.replace(MAIN, `  connection = 'Password=${LITERAL}`),
  SOURCE.replace(MAIN, `  connection "Password=${LITERAL}"`),
  SOURCE.replace(MAIN, `${MAIN}\n${MAIN}`),
  SOURCE.replace(MAIN, `${MAIN}\n  pool = "Password=${LITERAL}"`),
  SOURCE.replace(MAIN, `  connection = concat("Password=", "${LITERAL}")`),
  SOURCE.replace(MAIN, `${MAIN}\n  pool { max_size = env("PROCESS_SECRET") }`),
  SOURCE.replace('"LineString"', 'env("FILE_SECRET")'),
  SOURCE.replace("[service.odata]", '[env("FILE_SECRET"), "${env:PROCESS_SECRET}"]'),
  SOURCE.replace("data_source.main", 'env("PROCESS_SECRET")'),
  SOURCE.replace("enabled       = true", 'enabled = env("FILE_SECRET")'),
  SOURCE.replace('"first"', 'var.secret\n  description = "${var.secret}"') +
  `variable "secret" { default = env("PROCESS_SECRET") extra = [ }\n`,
];

function hasNoSecret(where: string, text: string): void {
  for (const secret of SECRETS) assert(!text.includes(secret), `${where} shows a secret:\n${text}`);
}

Deno.test("no secret is in any byte that a daemon writes beside the snapshot", async () => {
  await using host = await openEdgeHost();
  const file = `${host.directory}/secrets.env`;
  await Deno.writeTextFile(file, `FILE_SECRET="${FILE}"\n`);
  await host.put(SOURCE);
  const args = ["--env-file", file, "--log-level", "trace"];
  const daemon = await host.follow("first", { args, env: { PROCESS_SECRET: PROCESS } });
  const inForce = await Deno.readTextFile(host.snapshotPath);
  for (const secret of [LITERAL, PROCESS, FILE]) assertStringIncludes(inForce, secret);
  for (const text of WRONG) {
    const from = daemon.entries.length;
    await host.put(text);
    await daemon.logged(({ level, outcome }) => level === "warning" && outcome === "rejected", from);
  }
  await replaceFile(file, `FILE_SECRET="${ROTATED}"\n`);
  await host.put(SOURCE);
  await eventually("the rotated secret is in the snapshot", async () => {
    return (await Deno.readTextFile(host.snapshotPath)).includes(ROTATED);
  });
  await replaceFile(file, `FILE_SECRET "${ROTATED}"\n${ROTATED}\nexport X=${ROTATED}\nFILE_SECRET="${FILE}\n`);
  const from = daemon.entries.length;
  daemon.kill("SIGHUP");
  await daemon.logged(({ reasons }) => String(reasons).includes("signal"), from);
  await daemon[Symbol.asyncDispose]();
  hasNoSecret("the log", daemon.output());
});

Deno.test("no secret is in the output of validate and print, unless print is asked to show them", async () => {
  await using host = await openEdgeHost();
  const file = `${host.directory}/secrets.env`;
  await Deno.writeTextFile(file, `FILE_SECRET="${FILE}"\n`);
  const surroundings = { env: { PROCESS_SECRET: PROCESS } };
  const paths = await Promise.all([SOURCE, ...WRONG].map(async (text, index) => {
    const path = `${host.directory}/${index}.hcl`;
    await Deno.writeTextFile(path, text);
    return path;
  }));
  for (const format of ["text", "json"]) {
    const args = ["validate", "--format", format, "--env-file", file, ...paths];
    const { code, stdout, stderr } = await runCommand(args, surroundings);
    assertEquals(code, 1, stderr);
    hasNoSecret(`validate --format ${format}`, stdout + stderr);
  }
  for (const flags of [[], ["--portable"], ["--server"]]) {
    const { code, stdout, stderr } = await runCommand(["print", ...flags, "--env-file", file, paths[0]!], surroundings);
    assertEquals(code, 0, stderr);
    hasNoSecret(`print ${flags}`, stdout + stderr);
  }
  for (const path of paths.slice(1, 4)) {
    const { code, stdout, stderr } = await runCommand(["print", "--env-file", file, path], surroundings);
    assertEquals([code, stdout], [1, ""]);
    hasNoSecret("print of an invalid source", stderr);
  }
  const shown = await runCommand(["print", "--show-secrets", "--env-file", file, paths[0]!], surroundings);
  for (const secret of [LITERAL, PROCESS, FILE]) assertStringIncludes(shown.stdout, secret);
});
