import { killWriters } from "./killed_writers.ts";
import { READERS, swapUnderReaders } from "./store_readers.ts";

const SWAPS = 2_000;
const KILLS = 50;

Deno.test(`${READERS} readers that re-read without pause over ${SWAPS} swaps see whole files only, no server form older than its snapshot`, async () => {
  await swapUnderReaders(SWAPS);
});

Deno.test(`after kill -9 at ${KILLS} random instants both files are whole and nothing stale outlives the next start`, async () => {
  await killWriters(KILLS);
});
