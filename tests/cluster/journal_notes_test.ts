// The notes that instances take of each other's journals.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { MAX_NOTED, type NotedJournal, noteJournals, notesAbout } from "../../src/cluster/journal_notes.ts";

const digest = (letter: string) => letter.repeat(64);
const peer = (instance: string, n: number, letter = "a") => ({ instance, journal: { n, digest: digest(letter) } });
const note = (instance: string, n: number, letter = "a"): NotedJournal => ({ instance, n, digest: digest(letter) });

Deno.test("an instance notes the four that follow it by name, in a circle, and never itself", () => {
  const peers = ["a", "b", "c", "d", "e", "f"].map((name) => peer(name, 1));
  const names = (own: string) => noteJournals(own, peers, []).map(({ instance }) => instance).join("");
  assertEquals([names("a"), names("d"), names("zz")], ["bcde", "efab", "abcd"]);
  assertEquals(noteJournals("a", [peer("a", 1), { instance: "b" }, { instance: "c", journal: null }], []), []);
});

Deno.test("every instance has four witnesses, however many there are", () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 5, maxLength: 30 });
  fc.assert(fc.property(names, (names) => {
    const peers = names.map((name) => peer(name, 1));
    const noted = names.flatMap((own) => noteJournals(own, peers, []).map(({ instance }) => instance));
    for (const name of names) assertEquals(noted.filter((one) => one === name).length, 4);
  }));
});

Deno.test("a note moves forward and never back: it contradicts a journal that was cut or written again", () => {
  assertEquals(noteJournals("a", [peer("b", 8, "c")], [note("b", 7)]), [note("b", 8, "c")]);
  assertEquals(noteJournals("a", [peer("b", 7, "c")], [note("b", 7)]), [note("b", 7)]);
  assertEquals(noteJournals("a", [peer("b", 6, "c")], [note("b", 7)]), [note("b", 7)]);
});

Deno.test("the notes of instances that are gone stay, within the bound", () => {
  assertEquals(noteJournals("a", [peer("c", 1)], [note("b", 7)]), [note("c", 1), note("b", 7)]);
  const gone = Array.from({ length: 40 }, (_, at) => note(`gone-${at}`, 1));
  const notes = noteJournals("a", [peer("c", 1)], gone);
  assertEquals([notes.length, notes[0]], [MAX_NOTED, note("c", 1)]);
  assert(notes.slice(1).every(({ instance }, at) => instance === `gone-${at}`));
});

Deno.test("the others' notes of an instance are collected, without its own record", () => {
  const peers = [
    { instance: "a", noted: [note("b", 1), note("a", 9)] },
    { instance: "b", noted: [note("a", 7), note("c", 2)] },
    { instance: "c" },
  ];
  assertEquals(notesAbout("a", peers), [{ by: "b", n: 7, digest: digest("a") }]);
});
