// However a file is replaced, the snapshot is in the end that of the file as it then is. Polling is off, so only events
// report changes, unless a test says otherwise.
import { assertEquals } from "@std/assert";
import { type EdgeHost, openEdgeHost } from "../support/edge_host.ts";
import { sampleSource } from "../support/sample_source.ts";

const NO_POLLS = ["--set", "ConfigurationWatcher:PollSeconds=0"];

/** Makes the change twice, because many watchers see only the first one. */
async function follows(replace: (host: EdgeHost, title: string) => Promise<void>): Promise<void> {
  await using host = await openEdgeHost("conf/honua.hcl");
  await host.follow("first", { args: NO_POLLS });
  for (const title of ["second", "third"]) {
    await replace(host, title);
    await host.hasSnapshot(title);
  }
}

Deno.test("a file written in place is followed", async () => {
  await follows(({ source }, title) => Deno.writeTextFile(source, sampleSource(title)));
});

Deno.test("a file renamed over the source is followed", async () => {
  await follows((host, title) => host.edit(title));
});

Deno.test("a source that is deleted is reported, keeps its snapshot, and is followed when it is created again", async () => {
  await using host = await openEdgeHost();
  const daemon = await host.follow("first", { args: NO_POLLS });
  const before = await host.mark();
  await Deno.remove(host.source);
  await daemon.logged((entry) => entry.level === "warning" && entry.msg.includes(`${host.source} does not exist`));
  assertEquals(await host.mark(), before);
  await Deno.writeTextFile(host.source, sampleSource("second"));
  await host.hasSnapshot("second");
});

Deno.test("a half-written file is a failed load like any other, and the whole one is followed", async () => {
  await using host = await openEdgeHost();
  const daemon = await host.follow("first", { args: NO_POLLS });
  const before = await host.mark();
  const text = sampleSource("second");
  const half = text.indexOf("max_page_size");
  await Deno.writeTextFile(host.source, text.slice(0, half));
  await daemon.logged(({ level, outcome }) => level === "warning" && outcome === "rejected");
  assertEquals(await host.mark(), before);
  await Deno.writeTextFile(host.source, text.slice(half), { append: true });
  await host.hasSnapshot("second");
});

Deno.test("a symbolic link to a link that is swapped, as Kubernetes mounts it, is followed", async () => {
  await using host = await openEdgeHost("conf/honua.hcl");
  const conf = `${host.directory}/conf`;
  await Deno.remove(host.source);
  const publish = async (version: string) => {
    await Deno.mkdir(`${conf}/..${version}`);
    await Deno.writeTextFile(`${conf}/..${version}/honua.hcl`, sampleSource(version));
    await Deno.symlink(`..${version}`, `${conf}/..data_tmp`);
    await Deno.rename(`${conf}/..data_tmp`, `${conf}/..data`);
  };
  await publish("first");
  await Deno.symlink("..data/honua.hcl", host.source);
  await host.follow("first", { args: NO_POLLS });
  await publish("second");
  await host.hasSnapshot("second");
  await Deno.remove(`${conf}/..first`, { recursive: true });
  await publish("third");
  await host.hasSnapshot("third");
});

Deno.test("a file behind a symbolic link to another directory is followed", async () => {
  await using host = await openEdgeHost();
  const real = `${host.directory}/elsewhere/real.hcl`;
  await Deno.mkdir(`${host.directory}/elsewhere`);
  await Deno.rename(host.source, real);
  await Deno.symlink(real, host.source);
  await host.follow("first", { args: NO_POLLS });
  await Deno.writeTextFile(real, sampleSource("second"));
  await host.hasSnapshot("second");
  await Deno.writeTextFile(`${real}.new`, sampleSource("third"));
  await Deno.rename(`${real}.new`, real);
  await host.hasSnapshot("third");
});

Deno.test("a directory replaced by another one is followed", async () => {
  await follows(async ({ directory }, title) => {
    await Deno.mkdir(`${directory}/next`);
    await Deno.writeTextFile(`${directory}/next/honua.hcl`, sampleSource(title));
    await Deno.rename(`${directory}/conf`, `${directory}/before-${title}`);
    await Deno.rename(`${directory}/next`, `${directory}/conf`);
  });
});

Deno.test("a directory removed and made again is followed", async () => {
  await follows(async ({ directory, source }, title) => {
    await Deno.remove(`${directory}/conf`, { recursive: true });
    await Deno.mkdir(`${directory}/conf`);
    await Deno.writeTextFile(source, sampleSource(title));
  });
});

Deno.test("a file that was only touched, or changed only in its mode, makes no new snapshot", async () => {
  await using host = await openEdgeHost();
  const daemon = await host.follow("first", { args: NO_POLLS });
  const before = await host.mark();
  const changes = [
    () => Deno.chmod(host.source, 0o600),
    () => Deno.utime(host.source, new Date(1_000), new Date(1_000)),
  ];
  for (const change of changes) {
    const from = daemon.entries.length;
    await change();
    const reported = await daemon.logged(({ outcome }) => outcome !== undefined, from);
    assertEquals([reported.outcome, reported.reasons], ["unchanged", ["file"]]);
    assertEquals(await host.mark(), before);
  }
});

Deno.test("if there are no events, polling by itself follows the file", async () => {
  await using host = await openEdgeHost("conf/honua.hcl");
  await Deno.remove(`${host.directory}/conf`, { recursive: true });
  const daemon = host.start({ args: ["--set", "ConfigurationWatcher:PollSeconds=1"] });
  await daemon.logged("Failed to reload configuration: ");
  await Deno.mkdir(`${host.directory}/conf`);
  await host.edit("second");
  await host.hasSnapshot("second");
});
