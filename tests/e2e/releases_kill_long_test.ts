import { killReleases } from "../support/killed_releases.ts";

const KILLS = Number(Deno.env.get("HONUA_KILLS") ?? 300);

Deno.test(`after each of ${KILLS} kills during edits and rollbacks, history, journal, snapshot and state tell the same`, async () => {
  await killReleases(KILLS);
});
