import { editCopies, editOneFile } from "../support/fleet_edits.ts";

Deno.test("an edit of the one file of four instances is announced once and activated once by each", async (t) => {
  await editOneFile(t, 4);
});

Deno.test("an edit of four copies, one after the other, is announced once and activated once by each", async (t) => {
  await editCopies(t, 4);
});
