import { killReleases } from "../support/killed_releases.ts";

const KILLS = 5;

Deno.test(`after each of ${KILLS} kills during edits and rollbacks, history, journal, snapshot and state tell the same`, async () => {
  await killReleases(KILLS);
});
