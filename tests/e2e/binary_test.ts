// The program in poor surroundings: any directory, no HOME, no writable directory but its own, a strict umask, closed
// streams. The compiled program ships, and CI runs these tests over it.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type CommandSurroundings, runCommand } from "../support/command.ts";
import { openEdgeHost, readSnapshot } from "../support/edge_host.ts";
import { SAMPLE_CONNECTION, sampleSource } from "../support/sample_source.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const binary = Deno.env.get("HONUA_CONFIGD");

/** For tests that are not possible with a program in Deno's cache, or that take many starts. */
function onlyCompiled(name: string): { name: string; ignore: boolean } {
  if (!binary) console.log(`ignored, since HONUA_CONFIGD names no compiled program: ${name}`);
  return { name, ignore: !binary };
}

/** Loads the sample once, in surroundings; resolves with the output of `validate` there. */
async function loadOnce(surroundings: CommandSurroundings, directory?: string): Promise<string> {
  await using temporary = await temporaryDirectory();
  const place = directory ?? temporary.path;
  const source = `${place}/honua.hcl`;
  const snapshot = `${place}/snapshot.json`;
  await Deno.writeTextFile(source, sampleSource("first"));
  const given = { ...surroundings, env: { SAMPLE_CONNECTION, ...surroundings.env } };
  const load = await runCommand(["run", "--once", "--config", source, "--snapshot", snapshot], given);
  assertEquals(load.code, 0, load.stderr);
  assertEquals((await readSnapshot(snapshot)).title, "first");
  assertEquals((await Deno.stat(snapshot)).mode! & 0o777, 0o640);
  const { code, stdout, stderr } = await runCommand(["validate", source], given);
  assertEquals(code, 0, stderr);
  return stdout;
}

function shell(line: string): readonly string[] {
  return ["/bin/sh", "-c", `${line}; exec "$@"`, "sh"];
}

Deno.test(onlyCompiled("it works from any directory"), async () => {
  for (const cwd of ["/", "/proc/self"]) assertStringIncludes(await loadOnce({ cwd }), "valid");
});

Deno.test(onlyCompiled("the snapshot has its mode under any umask"), async () => {
  for (const mask of ["077", "000"]) await loadOnce({ wrapper: shell(`umask ${mask}`) });
});

Deno.test(
  onlyCompiled("it does its work with standard input, output and error closed, one or all of them"),
  async () => {
    for (const closed of ["exec <&-", "exec >&-", "exec 2>&-", "exec <&- >&- 2>&-"]) {
      await loadOnce({ wrapper: shell(closed) });
    }
  },
);

Deno.test("a daemon without any stream follows its source, and nothing of its log is in the files that it writes", async () => {
  await using host = await openEdgeHost();
  // No test can read the output of such a daemon: its actions show its state.
  const wrapper = shell("exec <&- >&- 2>&-");
  const args = ["run", "--config", host.source, "--snapshot", host.snapshotPath, "--set", "Admin:Socket="];
  const ended = runCommand([...args, "--log-level", "trace", "--set", "ConfigurationWatcher:DebounceMilliseconds=20"], {
    wrapper: [...wrapper, "timeout", "--signal=TERM", "20"],
    env: { SAMPLE_CONNECTION },
  });
  await host.hasSnapshot("first");
  await host.edit("second");
  await host.hasSnapshot("second");
  const entries = Array.from(Deno.readDirSync(`${host.directory}/snapshot`));
  const names = entries.filter(({ isFile }) => isFile).map(({ name }) => name);
  for (const name of names) {
    assert(!(await Deno.readTextFile(`${host.directory}/snapshot/${name}`)).includes('"level"'), name);
  }
  await endDaemonOf(host.source);
  await ended;
});

/** Ends the one process that was started with this source: timeout(1) passes the signal on. */
async function endDaemonOf(source: string): Promise<void> {
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (line.startsWith("timeout\0") && line.includes(`\0${source}\0`)) Deno.kill(Number(name), "SIGTERM");
  }
}

Deno.test(onlyCompiled("it needs no HOME, no PATH and no cache"), async () => {
  const wrapper = ["/usr/bin/env", "-i", `SAMPLE_CONNECTION=${SAMPLE_CONNECTION}`];
  assertStringIncludes(await loadOnce({ wrapper }), "valid");
});

Deno.test(onlyCompiled("it leaves nothing in the directory for temporary files"), async () => {
  await using temporary = await temporaryDirectory();
  assertStringIncludes(await loadOnce({ env: { TMPDIR: temporary.path } }), "valid");
  assertEquals(await Array.fromAsync(Deno.readDir(temporary.path)), []);
});

/** In its own mount namespace, / and /tmp cannot be written, but for one directory. */
const READ_ONLY =
  'mount --bind "$PLACE" "$PLACE" && mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp && mount -o remount,bind,ro /';

Deno.test(onlyCompiled("it needs nothing that can be written but its own directory"), async () => {
  const directory = await Deno.makeTempDir({ dir: "/var/tmp", prefix: "honua-configd-" });
  const script = `${READ_ONLY} && ! touch /tmp/x /etc/x 2>/dev/null && exec "$@"`;
  const wrapper = ["unshare", "--mount", "env", `PLACE=${directory}`, "/bin/sh", "-c", script, "sh"];
  try {
    const tried = await new Deno.Command(wrapper[0]!, { args: [...wrapper.slice(1), "true"] }).output();
    if (!tried.success) {
      console.log("ignored: no mount namespace can be made here");
      return;
    }
    assertStringIncludes(await loadOnce({ wrapper }, directory), "valid");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test(
  onlyCompiled("a failure of the runtime before the program begins has the exit codes that docs/commands.md lists"),
  async () => {
    const notUtf8 = ["/bin/sh", "-c", 'exec "$@" "$(printf "\\377")"', "sh"];
    assertEquals((await runCommand(["validate"], { wrapper: notUtf8 })).code, 101);
    await using temporary = await temporaryDirectory();
    await Deno.mkdir(temporary.file("removed"));
    const removed = await runCommand(["version"], { cwd: temporary.file("removed"), wrapper: shell('rmdir "$PWD"') });
    assertEquals([removed.code, removed.stdout], [1, ""]);
  },
);
