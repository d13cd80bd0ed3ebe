import { killDaemons } from "../support/killed_daemons.ts";

const KILLS = Number(Deno.env.get("HONUA_KILLS") ?? 300);

Deno.test(`after each of ${KILLS} kills at random instants the snapshot is whole and of a version that was written, the server form whole`, async () => {
  await killDaemons(KILLS);
});
