// The files that readers see while the snapshot and its server form are swapped, and after a killed writer: real
// processes, real files.
import { killWriters } from "./killed_writers.ts";
import { READERS, swapUnderReaders } from "./store_readers.ts";

/** As many as need be that some fall into a write. */
const KILLS = 20;

Deno.test(`${READERS} readers that re-read without pause see whole files only, no server form older than its snapshot`, async () => {
  await swapUnderReaders(60);
});

Deno.test(`after kill -9 at ${KILLS} random instants both files are whole and nothing stale outlives the next start`, async () => {
  await killWriters(KILLS);
});
