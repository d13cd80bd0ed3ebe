import { killDaemons } from "../support/killed_daemons.ts";

const KILLS = 8;

Deno.test(`after each of ${KILLS} kills at random instants the snapshot is whole and of a version that was written, the server form whole`, async () => {
  await killDaemons(KILLS);
});
