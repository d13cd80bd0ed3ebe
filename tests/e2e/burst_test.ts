// A burst of edits costs few reloads, and its last edit is never lost.
import { assert, assertEquals } from "@std/assert";
import { openEdgeHost } from "../support/edge_host.ts";
import { sampleSource } from "../support/sample_source.ts";

const EDITS = 200;
const DEBOUNCE_MILLISECONDS = 50;
const LONGEST_WAIT_MILLISECONDS = 4 * DEBOUNCE_MILLISECONDS;
const PACE_MILLISECONDS = 5;

Deno.test(`a burst of ${EDITS} edits makes few reloads, and the last edit wins`, async () => {
  await using host = await openEdgeHost();
  const debounce = ["--set", `ConfigurationWatcher:DebounceMilliseconds=${DEBOUNCE_MILLISECONDS}`];
  const daemon = await host.follow("first", { args: [...debounce] });
  const begun = performance.now();
  let last = begun;
  // If this process had to wait for so long that the burst was over, another one began.
  let bursts = 1;
  for (let edit = 1; edit <= EDITS; edit++) {
    if (edit % 2 === 0) await host.edit(`edit ${edit}`);
    else await Deno.writeTextFile(host.source, sampleSource(`edit ${edit}`));
    await new Promise((resolve) => setTimeout(resolve, PACE_MILLISECONDS)); // The pace of the burst, not a wait.
    const now = performance.now();
    if (now - last >= DEBOUNCE_MILLISECONDS) bursts++;
    last = now;
  }
  const longestWaits = (last - begun) / LONGEST_WAIT_MILLISECONDS;
  await host.hasSnapshot(`edit ${EDITS}`);
  // A person's reload is answered behind all waiting hints: it finds the result of the burst.
  const from = daemon.entries.length;
  daemon.kill("SIGHUP");
  await daemon.logged(({ reasons }) => String(reasons).includes("signal"), from);
  assertEquals((await host.snapshot()).title, `edit ${EDITS}`);
  const reloads = daemon.entries.filter(({ reasons }) => String(reasons).includes("file")).length;
  const most = 1 + bursts + longestWaits;
  assert(reloads <= most, `${reloads} reloads of ${EDITS} edits, but at most ${most} were promised`);
});
