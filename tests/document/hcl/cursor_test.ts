// The notes of a cursor, and the beginnings and ends of its characters, numbers and lines.
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  atDigit,
  atEnd,
  atLineEnd,
  atQuote,
  atWord,
  countValue,
  type Cursor,
  endLookAhead,
  enter,
  followAhead,
  isClosing,
  isOpening,
  isOver,
  leave,
  lineEndBehind,
  lookAhead,
  MAX_NESTING,
  MAX_VALUES,
  moveBack,
  openCursor,
  peek,
  rangeFrom,
  skipBlanks,
  takeNumber,
} from "../../../src/document/hcl/cursor.ts";

function cursorAt(text: string, at: number): Cursor {
  return { ...openCursor(text), at };
}

Deno.test("a cursor begins with nothing taken, and may scan each unit four times more", () => {
  const { edits, depth, count, farthest, at, rescanBudget, ...bounds } = openCursor("12345");
  assertEquals([edits, depth, count, farthest, at, rescanBudget], [[], 0, 0, 0, 0, 20]);
  assertEquals([bounds.tooDeepAt, bounds.tooManyAt, bounds.costlyNumber], [null, null, null]);
});

Deno.test("the farthest point of a cursor is noted when it moves back", () => {
  const cursor = cursorAt("0123456789", 5);
  moveBack(cursor, 2);
  assertEquals([cursor.at, cursor.farthest], [2, 5]);
  cursor.at = 4;
  moveBack(cursor, 1);
  assertEquals([cursor.at, cursor.farthest], [1, 5]);
  cursor.at = 6;
  moveBack(cursor, 0);
  assertEquals([cursor.at, cursor.farthest], [0, 6]);
});

Deno.test("a look ahead leaves a mark of its farthest point, and the rest only if it is followed", () => {
  const cursor = cursorAt("0123456789", 1);
  cursor.edits.push({ at: 0, remove: 1, insert: "a" });
  const ahead = lookAhead(cursor);
  assertEquals(ahead.edits, []);
  ahead.edits.push({ at: 2, remove: 1, insert: "b" });
  countValue(ahead);
  ahead.at = 7;
  moveBack(ahead, 4);
  endLookAhead(cursor, ahead);
  assertEquals([cursor.at, cursor.farthest, cursor.count, cursor.edits.length], [1, 7, 0, 1]);
  followAhead(cursor, ahead);
  assertEquals([cursor.at, cursor.farthest, cursor.count], [4, 7, 1]);
  assertEquals(cursor.edits.map(({ insert }) => insert), ["a", "b"]);
  endLookAhead(cursor, cursorAt(cursor.text, 8));
  assertEquals(cursor.farthest, 8);
  endLookAhead(cursor, cursorAt(cursor.text, 3));
  assertEquals(cursor.farthest, 8);
});

Deno.test("the line of any offset ends at its line feed, in any order of questions", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "\n", "\r"), maxLength: 12 });
  fc.assert(fc.property(texts, fc.array(fc.nat(14), { maxLength: 8 }), (text, offsets) => {
    const cursor = openCursor(text);
    for (const at of [...offsets, Infinity]) {
      const lineFeed = text.indexOf("\n", at);
      assertEquals(lineEndBehind(cursor, at), lineFeed < 0 ? Infinity : lineFeed + 1);
    }
  }));
});

Deno.test("a line whose end is known is not looked through again, nor is the rest behind an open comment", () => {
  const known = (at: number) => lineEndBehind({ ...openCursor("0123456789"), lineStart: 2, lineFeed: 5 }, at);
  assertEquals([1, 2, 3, 5, 6].map(known), [Infinity, 6, 6, 6, Infinity]);
  const found = openCursor("01\n34\n6");
  const lines = [4, 0, 6].map((at) => (lineEndBehind(found, at), [found.lineStart, found.lineFeed]));
  assertEquals(lines, [[4, 5], [0, 2], [6, Infinity]]);

  const cursor = openCursor("/* /* 3 */");
  skipBlanks(cursor, true);
  assertEquals([cursor.at, cursor.unclosedFrom, cursor.farthest], [10, Infinity, 0]);
  const open = openCursor("0 /* 5 /*");
  const notes = [7, 2, 7].map((at) => {
    open.at = at;
    skipBlanks(open, true);
    return [open.at, open.unclosedFrom, open.farthest];
  });
  assertEquals(notes, [[7, 7, Infinity], [2, 2, Infinity], [7, 2, Infinity]]);
  const taken = (unclosedFrom: number) => {
    const one = { ...openCursor("/**/"), unclosedFrom };
    skipBlanks(one, true);
    return one.at;
  };
  assertEquals([taken(0), taken(1)], [0, 4]);
});

Deno.test("digits, quotes, words, brackets and ends are recognised by the character at the cursor", () => {
  const where = (is: (cursor: Cursor) => boolean) =>
    Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter((one) => is(openCursor(one))).join("");
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
  assertEquals(where((cursor) => atDigit(cursor)), "0123456789");
  assertEquals(where(atQuote), "\"'");
  assertEquals(where(atWord).startsWith(letters), true);
  assertEquals(where(atWord).slice(letters.length).split("").filter((one) => !/\p{ID_Start}/u.test(one)), []);
  assertEquals(where((cursor) => isOpening(peek(cursor))), "([{");
  assertEquals(where((cursor) => isClosing(peek(cursor))), ")]}");
  assertEquals(where(atLineEnd), "\n");
  assertEquals([cursorAt("1a", 1), cursorAt("a1", 0)].map((cursor) => [atDigit(cursor, -1), atDigit(cursor, 1)]), [
    ...[[true, false], [false, true]],
  ]);
  assertEquals(["\r\n", "\r", "\ra", "a\n", ""].map((text) => atLineEnd(openCursor(text))), [
    ...[true, false, false, false, false],
  ]);
  assertEquals([atWord(cursorAt("1\u00e4", 1)), atWord(cursorAt("a1", 1)), atWord(cursorAt("a", 1))], [
    ...[true, false, false],
  ]);
  assertEquals([0, 1, 2].map((at) => atEnd(cursorAt("a", at))), [false, true, true]);
});

Deno.test("a number is taken with its fraction and its exponent, if they have digits", () => {
  const taken = (text: string, at = 0) => {
    const cursor = cursorAt(text, at);
    takeNumber(cursor);
    return text.slice(at, cursor.at);
  };
  const numbers = ["0", "12", "1.5", "12.34", "1e5", "1E5", "1e+10", "1e-10", "1.25e33"];
  assertEquals(numbers.map((one) => taken(one)), numbers);
  assertEquals(["1.", "1.a", "1e", "1e+", "1e+-1", "1ee5", "1.5.5", "1x"].map((one) => taken(one)), [
    ...["1", "1", "1", "1", "1", "1", "1.5", "1"],
  ]);
  assertEquals(taken("a 12 3", 2), "12");
  for (const none of [".5", "e5", ""]) assertThrows(() => taken(none));
});

Deno.test("a bound is reported at the place at which it was exceeded first, which is in the text", () => {
  const cursor = cursorAt("0123456789", 3);
  cursor.count = MAX_VALUES - 1;
  countValue(cursor);
  assertEquals([cursor.at, cursor.tooManyAt, isOver(cursor)], [3, null, false]);
  countValue(cursor);
  assertEquals([cursor.at, cursor.tooManyAt, isOver(cursor)], [10, 3, true]);
  countValue(cursor);
  assertEquals(cursor.tooManyAt, 3);
  const atItsEnd = cursorAt("01", 2);
  atItsEnd.count = MAX_VALUES;
  countValue(atItsEnd);
  assertEquals(atItsEnd.tooManyAt, 1);

  const nested = cursorAt("0123456789", 4);
  for (let depth = 0; depth < MAX_NESTING; depth++) assertEquals(enter(nested), true);
  leave(nested);
  assertEquals([enter(nested), nested.at, nested.tooDeepAt, isOver(nested)], [true, 4, null, false]);
  assertEquals([enter(nested), nested.at, nested.tooDeepAt, isOver(nested)], [false, 10, 4, true]);
  assertEquals([enter(nested), nested.tooDeepAt], [false, 4]);
  const atTheEnd = cursorAt("01", 2);
  atTheEnd.depth = MAX_NESTING;
  assertEquals([enter(atTheEnd), atTheEnd.tooDeepAt], [false, 1]);
});

Deno.test("of numbers that are costly the first is reported, and the scan is over", () => {
  const cursor = cursorAt("x 1e10000 2e10000", 2);
  takeNumber(cursor);
  assertEquals([cursor.costlyNumber, cursor.at, isOver(cursor)], [{ start: 2, end: 9 }, 17, true]);
  cursor.at = 10;
  takeNumber(cursor);
  assertEquals(cursor.costlyNumber, { start: 2, end: 9 });
});

Deno.test("a range begins at an offset, ends at the cursor, and moves with the item", () => {
  const cursor = cursorAt("0123456789", 5);
  cursor.anchor = { at: 2 };
  const range = rangeFrom(cursor, 3);
  assertEquals([range.start, range.end], [3, 5]);
  cursor.anchor.at += 10;
  assertEquals([range.start, range.end], [13, 15]);
});
