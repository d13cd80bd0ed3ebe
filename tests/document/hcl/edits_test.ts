// Edits as they are applied, and the way back from the rewritten text.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { applyEdits, type Edit, editsWithin, sortEdits, writtenOffset } from "../../../src/document/hcl/edits.ts";

const TEXT = "0123456789";

Deno.test("edits replace, insert and remove at their places, also of a part of the text and from a base", () => {
  const edits: Edit[] = [
    { at: 0, remove: 0, insert: "<" },
    { at: 2, remove: 1, insert: "two" },
    { at: 5, remove: 2, insert: "" },
    { at: 8, remove: 0, insert: "!" },
    { at: 8, remove: 1, insert: "8" },
  ];
  assertEquals(applyEdits(TEXT, 0, 10, edits, 0), "<01two347!89");
  assertEquals(applyEdits(TEXT, 0, 10, [], 0), TEXT);
  assertEquals(applyEdits(TEXT, 2, 6, [], 0), "2345");
  assertEquals(applyEdits(TEXT, 3, 8, [{ at: 1, remove: 1, insert: "x" }], 3), "3x567");
  assertEquals(
    applyEdits(TEXT, 3, 8, [{ at: 0, remove: 0, insert: "x" }, { at: 5, remove: 0, insert: "y" }], 3),
    "x34567y",
  );
});

Deno.test("an offset in the rewritten text leads back to the place of its character", () => {
  const edits: Edit[] = [{ at: 2, remove: 1, insert: "two" }, { at: 5, remove: 0, insert: "+" }, {
    at: 7,
    remove: 2,
    insert: "",
  }];
  const rewritten = applyEdits(TEXT, 0, 10, edits, 0);
  assertEquals(rewritten, "01two34+569");
  const offsets = Array.from({ length: rewritten.length + 1 }, (_, offset) => writtenOffset(edits, offset));
  assertEquals(offsets, [0, 1, 2, 2, 2, 3, 4, 5, 5, 6, 9, 10]);
  assertEquals([0, 5, 10].map((offset) => writtenOffset([], offset)), [0, 5, 10]);
});

Deno.test("every character that is kept leads back to itself, for any edits", () => {
  const gaps = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 2 }), fc.string({ maxLength: 2 })),
    {
      maxLength: 5,
    },
  );
  fc.assert(fc.property(gaps, (list) => {
    const text = Array.from({ length: 40 }, (_, at) => String.fromCharCode(0x4e00 + at)).join("");
    const edits: Edit[] = [];
    let at = 0;
    for (const [gap, remove, insert] of list) {
      edits.push({ at: at += gap, remove, insert });
      at += remove;
    }
    const rewritten = applyEdits(text, 0, text.length, edits, 0);
    for (let offset = 0; offset < rewritten.length; offset++) {
      const written = writtenOffset(edits, offset);
      const kept = rewritten.charCodeAt(offset) >= 0x4e00;
      if (kept) assertEquals(text[written], rewritten[offset]);
      else assertEquals(edits.some((edit) => edit.at === written), true);
    }
  }));
});

Deno.test("edits are sorted by place, an insertion before a replacement there, and otherwise as they were made", () => {
  const edit = (at: number, remove: number, insert: string): Edit => ({ at, remove, insert });
  const sorted = (...edits: Edit[]) => sortEdits(edits).map(({ insert }) => insert).join("");
  assertEquals(sorted(edit(5, 0, "b"), edit(2, 0, "a")), "ab");
  assertEquals(sorted(edit(10, 0, "b"), edit(9, 1, "a")), "ab");
  assertEquals(sorted(edit(5, 1, "b"), edit(5, 0, "a")), "ab");
  assertEquals(sorted(edit(5, 0, "a"), edit(5, 0, "b"), edit(5, 2, "c"), edit(1, 0, "-")), "-abc");
  assertEquals(sorted(edit(5, 0, "a")), "a");
  assertEquals(sorted(edit(5, 1, "a"), edit(5, 1, "b")), "ab");
});

Deno.test("the edits within a stretch are those that begin and end in it", () => {
  const edits: Edit[] = [0, 2, 4, 6, 8].map((at) => ({ at, remove: 1, insert: `${at}` }));
  const within = (start: number, end: number) => editsWithin(edits, start, end).map(({ at }) => at);
  assertEquals([within(0, 9), within(2, 7), within(2, 6), within(3, 4), within(9, 20), within(1, 1)], [
    ...[[0, 2, 4, 6, 8], [2, 4, 6], [2, 4], [], [], []],
  ]);
  assertEquals([within(4, 5), within(4, 4), within(8, 9)], [[4], [], [8]]);
  assertEquals(editsWithin([{ at: 3, remove: 0, insert: "x" }], 3, 3).length, 1);
  assertEquals(editsWithin([], 0, 9), []);
});
