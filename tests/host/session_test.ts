// The running processes of a session, with any name and any end.
import { assert, assertEquals } from "@std/assert";
import { startGroup } from "../../src/host/process_group.ts";
import { runningGroups } from "../../src/host/session.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary.ts";

function start(script: string) {
  const started = startGroup({ path: "/bin/sh", args: ["-c", script], env: { PATH: "/usr/bin:/bin" } }, () => {});
  assert(started.ok);
  const { group } = started;
  return { ...group, [Symbol.asyncDispose]: async () => void await group.end(0) };
}

Deno.test("a process is counted with any name", async () => {
  await using directory = await temporaryDirectory();
  const names = ["a) Z 1 1 1 0", "1 (b\nc) Z", "(", ") ", "d)\n2 (e) S"];
  for (const name of names) await Deno.copyFile("/bin/sleep", directory.file(name));
  for (const name of names) await Deno.chmod(directory.file(name), 0o755);
  const quoted = names.map((name) => `'${directory.file(name)}' 600 &`).join(" ");
  await using group = start(`${quoted} wait`);
  await eventually("all run", async () => (await runningGroups(group.id))?.get(group.id) === names.length + 1);
});

Deno.test("a zombie does not run", async () => {
  await using directory = await temporaryDirectory();
  const [pidFile, go] = [directory.file("pid"), directory.file("go")];
  await using group = start(
    `sh -c 'until test -e ${go}; do sleep 0.01; done' & echo $! >${pidFile}; exec sleep 600`,
  );
  // The program that replaces sh does not collect the child.
  await eventually("sh is sleep", async () => (await Deno.readTextFile(`/proc/${group.id}/comm`)) === "sleep\n");
  const pid = (await Deno.readTextFile(pidFile)).trim();
  await directory.write("go", "");
  await eventually("it is a zombie", async () => / Z /.test(await Deno.readTextFile(`/proc/${pid}/stat`)));
  assertEquals([...await runningGroups(group.id) ?? []], [[group.id, 1]]);
});

Deno.test("only the sessions that are asked about are reported", async () => {
  await using one = start("sleep 600");
  await using other = start("sleep 600");
  const both = [one.id, other.id].sort((left, right) => left - right);
  await eventually("both run", async () => (await runningGroups(...both))?.size === 2);
  assertEquals([...(await runningGroups(one.id))!.keys()], [one.id]);
  assertEquals([...(await runningGroups(...both))!.keys()].sort((left, right) => left - right), both);
  assertEquals([...(await runningGroups())!], []);
});
