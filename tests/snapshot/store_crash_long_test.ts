import { READERS, swapUnderReaders } from "./store_readers.ts";

const SWAPS = 2_000;

Deno.test(`${READERS} readers that re-read without pause over ${SWAPS} swaps see whole files only, no server form older than its snapshot`, async () => {
  await swapUnderReaders(SWAPS);
});
