// Trouble with the files of the releases: the log says it once, and the status for as long as it lasts.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Daemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { openReleaseHost, type ReleaseHost } from "../support/release_host.ts";

async function stopped(daemon: Daemon): Promise<void> {
  daemon.kill("SIGTERM");
  await daemon.ended;
}

/** Starts a daemon on the source `title`, and expects what log and status say of the list of releases. */
async function startsWith(host: ReleaseHost, title: string, expected: RegExp): Promise<Daemon> {
  const daemon = await host.follow(title, { args: host.args });
  assertMatch((await daemon.logged("The history is not complete: ")).msg, expected);
  assertMatch(await host.ends(0, "status"), expected);
  return daemon;
}

Deno.test("a list of releases that is lost or damaged is said until the next start, for a rollback is forgotten with it", async () => {
  await using host = await openReleaseHost();
  const list = `${host.state}/history/releases.json`;
  const daemon = await host.follow("first", { args: host.args });
  await host.edit("second");
  await host.hasSnapshot("second");
  await host.ends(0, "rollback", "--reason", "x");
  await host.hasSnapshot("first");
  await stopped(daemon);

  await Deno.remove(list);
  const consequence = "A configuration that was rolled back may come into force again";
  await stopped(await startsWith(host, "second", new RegExp(`releases\\.json is gone\\. ${consequence}`)));
  await Deno.writeTextFile(list, "{");
  await stopped(
    await startsWith(host, "second", new RegExp(`is damaged or of another version; it is now .*\\. ${consequence}`)),
  );
  const next = await host.follow("second", { args: host.args });
  assert(!(await host.ends(0, "status")).includes("Warning"));
  assertEquals(next.entries.filter(({ msg }) => msg.includes("not complete")), []);
});

Deno.test("a list of releases that never was is not missed: nothing has come into force yet", async () => {
  await using host = await openReleaseHost();
  await host.put("nonsense {");
  const before = host.start({ args: host.args });
  await host.looked("rejected");
  await eventually(
    "the line",
    async () => (await Deno.readTextFile(`${host.state}/journal.jsonl`)).includes("rejected"),
  );
  await stopped(before);
  const daemon = host.start({ args: host.args });
  await host.looked("rejected");
  assertEquals(daemon.entries.filter(({ msg }) => msg.includes("not complete")), []);
});

Deno.test("a journal or a history that cannot be written is in the status until it can be", async () => {
  await using host = await openReleaseHost();
  const daemon = await host.follow("first", { args: host.args });
  const [journal, history] = [`${host.state}/journal.jsonl`, `${host.state}/history`];
  await Deno.rename(journal, host.path("journal"));
  await Deno.mkdir(journal);
  await Deno.rename(history, host.path("history"));
  await Deno.writeTextFile(history, "");
  await host.edit("second");
  await host.hasSnapshot("second");
  const shown = await host.shows("all three", ({ stateTroubles }) => stateTroubles.length === 3);
  for (
    const what of [/^The journal .* cannot be written/, /history\/.*ENOTDIR.*tried again/, /releases\.json.*ENOTDIR/]
  ) {
    assert(shown.stateTroubles.some((line) => what.test(line)), `${what} in ${shown.stateTroubles}`);
  }
  assertMatch(await host.ends(0, "status"), /^Warning +The journal .* cannot be written/m);

  await Deno.remove(journal);
  await Deno.remove(history);
  await host.edit("third");
  await host.hasSnapshot("third");
  await host.shows("none", ({ stateTroubles }) => stateTroubles.length === 0);
  assertEquals(daemon.entries.filter(({ level }) => level === "error"), []);
});
