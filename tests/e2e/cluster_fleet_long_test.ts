import { editCopies, editOneFile } from "../support/fleet_edits.ts";

Deno.test("an edit of the one file of twenty instances is announced once and activated once by each", async (t) => {
  await editOneFile(t, 20);
});

Deno.test("an edit of twenty copies, one after the other, is announced once and activated once by each", async (t) => {
  await editCopies(t, 20);
});
