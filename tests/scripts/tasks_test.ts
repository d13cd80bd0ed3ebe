import { assertEquals, assertStringIncludes } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import { temporaryTree } from "./temporary_tree.ts";

const checkout = new URL("../../", import.meta.url);
const denoJson = await Deno.readTextFile(new URL("deno.json", checkout));
const ciRun = await Deno.readTextFile(new URL(".ci/run", checkout));

const STAND_IN = `console.log(Deno.args.join(" "));
if (Deno.args[0] === "run") {
  Deno.addSignalListener("SIGHUP", () => Deno.writeTextFileSync("reloaded", ""));
  Deno.addSignalListener("SIGTERM", () => Deno.exit(0));
  setInterval(() => {}, 1000);
  Deno.writeTextFileSync("ready", "");
}
`;

Deno.test("the start task makes the starter file, then runs the daemon, which gets the signals", async () => {
  const { tasks } = JSON.parse(denoJson);
  await using tree = await temporaryTree({ "deno.json": JSON.stringify({ tasks }), "main.ts": STAND_IN });
  const task = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "start"],
    cwd: tree.root,
    stdout: "piped",
  }).spawn();
  const output = new Response(task.stdout).text();
  await eventually("the daemon runs", () => Deno.statSync(`${tree.root}/ready`));
  task.kill("SIGHUP");
  await eventually("the daemon reloads", () => Deno.statSync(`${tree.root}/reloaded`));
  task.kill("SIGTERM");
  assertEquals((await task.status).code, 0);
  assertEquals((await output).trimEnd().split("\n"), [
    "init --if-missing .honua/config.hcl",
    "run --config .honua/config.hcl --snapshot .honua/config.snapshot.json --set Admin:Socket=.honua/admin.sock",
  ]);
});

const FAKE_DENO = `#!/bin/sh
case "$*" in *task*) ;; *) echo "$*"; exit 0 ;; esac
[ -t 0 ] && echo terminal
cat
echo "$* in \${PWD##*/} with CI=$CI, corpus \${HONUA_CORPUS:-none} and denort \${DENORT_BIN:-none}"
exit 5
`;

async function runCi(root: string): Promise<{ code: number; lines: string[] }> {
  await Deno.chmod(`${root}/checkout/scripts/deno`, 0o755);
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: [`${root}/checkout/.ci/run`],
    cwd: "/",
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH")!, CI: "true" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(stderr), "");
  return { code, lines: decoder.decode(stdout).trimEnd().split("\n") };
}

Deno.test("CI installs the locked packages and the tests' programs, then runs ok in the checkout and ends as ok ends", async () => {
  await using tree = await temporaryTree({ "checkout/.ci/run": ciRun, "checkout/scripts/deno": FAKE_DENO });
  assertEquals(await runCi(tree.root), {
    code: 5,
    lines: [
      "install --frozen",
      "run -A scripts/test_setup.ts",
      "task --quiet ok in checkout with CI=true, corpus none and denort none",
    ],
  });
});

Deno.test("CI names the corpus by its absolute path if there is one", async () => {
  await using tree = await temporaryTree({
    "checkout/.ci/run": ciRun,
    "checkout/scripts/deno": FAKE_DENO,
    "shared/corpus/": "",
  });
  const { lines } = await runCi(tree.root);
  assertStringIncludes(lines.at(-1)!, `corpus ${tree.root}/shared/corpus`);
});

Deno.test("CI has the denort that the tool beside the checkout prints, and none if it prints none", async () => {
  await using tree = await temporaryTree({
    "checkout/.ci/run": ciRun,
    "checkout/scripts/deno": FAKE_DENO,
    "shared/tools/denort": "#!/bin/sh\necho /somewhere/denort\n",
  });
  await Deno.chmod(`${tree.root}/shared/tools/denort`, 0o755);
  assertStringIncludes((await runCi(tree.root)).lines.at(-1)!, "denort /somewhere/denort");
  await Deno.writeTextFile(`${tree.root}/shared/tools/denort`, "#!/bin/sh\nexit 1\n");
  assertStringIncludes((await runCi(tree.root)).lines.at(-1)!, "denort none");
});
