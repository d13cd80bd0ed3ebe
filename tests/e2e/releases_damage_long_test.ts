// Trouble with the files of a host's releases: each is reported, takes nothing out of force, and heals by itself or
// with the next activation.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readReleaseFile } from "../../src/releases/release_file.ts";
import type { Daemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { openReleaseHost, type ReleaseHost } from "../support/release_host.ts";
import { sampleSource } from "../support/sample_source.ts";
import { mounting } from "../support/mounting.ts";

/** The path of the text of the release in force. */
async function textPath(host: ReleaseHost): Promise<string> {
  return `${host.state}/history/${(await host.snapshot()).header.hash}.hcl.zst`;
}

async function edited(host: ReleaseHost, title: string): Promise<void> {
  await host.edit(title);
  await host.hasSnapshot(title);
}

/** Starts a daemon and sees three releases in force, one after the other. */
async function withThree(host: ReleaseHost): Promise<{ readonly daemon: Daemon; readonly paths: readonly string[] }> {
  const daemon = await host.follow("first", { args: host.args });
  const paths = [await textPath(host)];
  for (const title of ["second", "third"]) {
    await edited(host, title);
    paths.push(await textPath(host));
  }
  return { daemon, paths };
}

Deno.test("a history that is removed under the daemon is there again with the next activation", async () => {
  await using host = await openReleaseHost();
  const { daemon } = await withThree(host);
  await Deno.rename(`${host.state}/history`, host.path("gone"));
  const mark = await host.mark();
  assertMatch(await host.ends(1, "rollback", "1", "--reason", "x"), /^Not rolled back: .* has no source of/);
  assertEquals(await host.mark(), mark);
  await host.ends(0, "status");
  await edited(host, "fourth");
  await host.ends(0, "status");
  assertEquals(await host.ends(0, "show", "4"), sampleSource("fourth"));
  assertStringIncludes(await host.ends(3, "show", "1"), "has no source of");
  assertEquals((await host.kept()).list.at(-1)?.hash, (await host.snapshot()).header.hash);
  daemon.kill("SIGTERM");
  await daemon.ended;

  // The next start finds none: the active snapshot is release 1 then, with its text.
  await Deno.remove(`${host.state}/history`, { recursive: true });
  await host.follow("fourth", { args: host.args });
  assertEquals(await host.states(), "1 found healthy");
  await eventually("the text", async () => await Deno.stat(await textPath(host)));
  assertEquals(await host.ends(0, "show", "1"), sampleSource("fourth"));
  await edited(host, "fifth");
  await host.ends(0, "rollback", "--reason", "x");
  await host.hasSnapshot("fourth");
});

Deno.test("a damaged text is never put in force: the files kept in reserve are, or the active ones stay", async () => {
  await using host = await openReleaseHost();
  const { daemon, paths } = await withThree(host);
  for (const path of paths.slice(0, 2)) await Deno.truncate(path, 40);
  const mark = await host.mark();
  assertStringIncludes(await host.ends(1, "rollback", "1", "--reason", "x"), `${paths[0]} is damaged`);
  assertEquals(await host.mark(), mark);
  await host.ends(0, "status");

  await host.ends(0, "rollback", "2", "--reason", "x");
  await host.hasSnapshot("second");
  await daemon.logged(({ warnings }) => String(warnings).includes("is put back as it was written then"));
  await edited(host, "second and a half");
  await host.ends(0, "status");
});

Deno.test("a journal that was cut goes on, and the gap stays visible", async () => {
  await using host = await openReleaseHost();
  const { daemon } = await withThree(host);
  const journal = `${host.state}/journal.jsonl`;
  const verify = (code: number) => host.ends(code, "journal", "verify", "--set", `State:Directory=${host.state}`);
  assertMatch(await verify(0), /lines/);
  const lines = (await Deno.readTextFile(journal)).split("\n");
  // In the middle of a line, as a crash does, and behind one.
  await Deno.truncate(journal, lines.slice(0, 3).join("\n").length - 10);
  await edited(host, "fourth");
  await eventually("a line that says so", async () => (await Deno.readTextFile(journal)).includes('"recovered"'));
  assertMatch(await verify(1), /journal\.jsonl:3 has the number \d+ after 2: lines were removed/);
  daemon.kill("SIGTERM");
  await daemon.ended;
  await Deno.truncate(journal, (await Deno.stat(journal)).size - 10);
  const next = await host.follow("fourth", { args: host.args });
  await eventually("another line", async () => (await Deno.readTextFile(journal)).match(/"recovered"/g)?.length === 2);
  await edited(host, "fifth");
  await host.ends(0, "status");
  assertEquals(next.entries.filter(({ level }) => level === "error"), []);
});

Deno.test("a full disk keeps no release from being put in force or taken back, and the writes that failed are made up for", async () => {
  await using host = await openReleaseHost();
  const state = host.path("state");
  await Deno.mkdir(state);
  const refused = await mounting("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", state);
  if (refused !== null) return console.warn(`not tried on a full file system: ${refused}`);
  try {
    await using daemon = await host.follow("first", { args: [...host.args, "--set", `State:Directory=${state}`] });
    const filler = `${state}/filler`;
    // More than there is room for: it fills the rest and then fails.
    await Deno.writeFile(filler, new Uint8Array(128 * 1024)).catch(() => {});
    await edited(host, "second");
    // The journal has its blocks; these lines fill them.
    const until = new Date(Date.now() + 3_600_000).toISOString();
    for (let hold = 0; hold < 10; hold++) {
      await host.order("/admin/hold", { until, reason: "r".repeat(200) });
      await host.order("/admin/release-hold", {});
    }
    for (const what of [/\.hcl\.zst/, /releases\.json/, /The journal .* cannot be written/]) {
      await daemon.logged(({ level, msg }) => level === "warning" && what.test(msg) && msg.includes("ENOSPC"));
    }
    await host.ends(0, "rollback", "--reason", "x");
    await host.hasSnapshot("first");
    await edited(host, "third");
    await Deno.remove(filler);
    for (const what of ["The history", "The list of releases"]) await daemon.logged(`${what} can be written again`);
    await eventually("the list", async () => {
      const { kept } = await readReleaseFile({ path: `${state}/history` });
      return kept?.list.at(-1)?.number === 4;
    });
    assertEquals(await host.ends(0, "show", "4"), sampleSource("third"));
    await eventually("the journal's last line", async () => {
      const shown = await host.ask("journal", "--set", `State:Directory=${state}`);
      return /activated .*\b4\b/.test(shown.stdout);
    }, 30_000);
    await host.ends(0, "journal", "verify", "--set", `State:Directory=${state}`);
  } finally {
    assertEquals(await mounting("umount", state), null);
  }
});
