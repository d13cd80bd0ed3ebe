// When the result of reading a block is remembered, for how long it counts, and its share of the bounds.
import { assertEquals, assertStrictEquals } from "@std/assert";
import { type BlockMemory, type BlockReader, openBlockReader } from "../../src/config/block_memory.ts";
import { MAX_TOTAL_LENGTH } from "../../src/config/expressions.ts";
import type { PortablePair, Reader } from "../../src/config/reading.ts";
import type { Scope } from "../../src/config/scope.ts";
import { sourceText } from "../../src/diagnostic/range.ts";

const SOURCE = sourceText("test.hcl", "");
const nowhere = { start: 0, end: 0 };

/** A scope in which names have values, and the names that were looked up. */
function scopeOf(values: Record<string, unknown>): Scope & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    mistakes: [],
    asked,
    evaluate: () => ({ kind: "reported" }),
    outcomeOf: (name) => (asked.push(name), values[name]),
  };
}

/** A reader for one document. */
function open(memory: BlockMemory, scope = scopeOf({}), environment: (name: string) => string | undefined = () => "") {
  return openBlockReader(memory, SOURCE, scope, environment);
}

/** Reads a block that takes so much of the bounds, and looks names up. */
function taking({ spent = 0, length = 0, names = {}, ask = [], findings = 0 }: {
  spent?: number;
  length?: number;
  names?: Record<string, unknown>;
  ask?: readonly string[];
  findings?: number;
}): (reader: Reader) => PortablePair {
  return (reader) => {
    reader.spent += spent;
    reader.length += length;
    for (const [name, value] of Object.entries(names)) reader.lookUps.set(name, value);
    for (const name of ask) reader.environment(name);
    for (let at = 0; at < findings; at++) reader.findings.warning("c", "s", "p", nowhere);
    return { resolved: null, portable: null };
  };
}

/** How many of two readings of a block in documents that follow one another were made. */
function readings(
  reader: (memory: BlockMemory) => BlockReader,
  read: (reader: Reader) => PortablePair,
  parts?: object[][],
) {
  const [memory, key]: [BlockMemory, object] = [new WeakMap(), {}];
  return [0, 1].map((at) => {
    const one = reader(memory);
    one.read(key, read, parts?.[at]);
    return one.blocksRead;
  });
}

Deno.test("a block is remembered with up to 64 findings, and with more forgotten, also its earlier findings", () => {
  for (const [findings, again] of [[0, 0], [64, 0], [65, 1]] as const) {
    assertEquals(readings(open, taking({ findings })), [1, again]);
  }
  const [memory, key]: [BlockMemory, object] = [new WeakMap(), {}];
  open(memory).read(key, taking({ ask: ["A"] }));
  assertEquals(memory.has(key), true);
  open(memory, scopeOf({}), () => "another").read(key, taking({ ask: ["A"], findings: 65 }));
  assertEquals(memory.has(key), false);
});

Deno.test("the share of a block in the bounds counts whether it is read or remembered", () => {
  for (const bound of ["spent", "length"] as const) {
    const [memory, key, before]: [BlockMemory, object, object] = [new WeakMap(), {}, {}];
    for (const _ of ["read", "remembered"]) {
      const reader = open(memory);
      reader.read(before, taking({ [bound]: 30 }));
      reader.read(key, taking({ [bound]: 70 }));
      reader.read({}, (inner) => (assertEquals(inner[bound], 100), { resolved: null, portable: null }));
    }
  }
});

Deno.test("a block is remembered if all fits, and counts if all fits still: at the bound, and not one beyond", () => {
  for (const bound of ["spent", "length"] as const) {
    for (const [size, isRemembered] of [[MAX_TOTAL_LENGTH, true], [MAX_TOTAL_LENGTH + 1, false]] as const) {
      const [memory, key]: [BlockMemory, object] = [new WeakMap(), {}];
      open(memory).read(key, taking({ [bound]: size }));
      assertEquals(memory.has(key), isRemembered);
    }
    for (const [before, again] of [[100, 0], [101, 1]] as const) {
      const [memory, key]: [BlockMemory, object] = [new WeakMap(), {}];
      open(memory).read(key, taking({ [bound]: MAX_TOTAL_LENGTH - 100 }));
      const reader = open(memory);
      reader.read({}, taking({ [bound]: before }));
      reader.read(key, taking({ [bound]: MAX_TOTAL_LENGTH - 100 }));
      assertEquals(reader.blocksRead, 1 + again);
      assertEquals(memory.has(key), again === 0);
    }
  }
});

Deno.test("a block's share is its own, not that of the blocks before it", () => {
  const [memory, key]: [BlockMemory, object] = [new WeakMap(), {}];
  const reader = open(memory);
  reader.read({}, taking({ spent: 7, length: 9 }));
  const { dependencies } = reader.read(key, taking({ spent: 1, length: 2 }));
  assertEquals([dependencies.spent, dependencies.length], [1, 2]);
});

Deno.test("a block counts as long as the names that it looked up mean the same objects", () => {
  const [one, other] = [{}, {}];
  const [memory, key]: [BlockMemory, object] = [new WeakMap(), {}];
  const read = taking({ names: { "var.a": one } });
  const after = (scope: Scope) => {
    const reader = open(memory, scope as ReturnType<typeof scopeOf>);
    reader.read(key, read);
    return reader.blocksRead;
  };
  const first = scopeOf({ "var.a": one });
  assertEquals(after(first), 1);
  assertEquals([after(first), first.asked], [0, []]);
  const second = scopeOf({ "var.a": one, "var.b": other });
  assertEquals([after(second), second.asked], [0, ["var.a"]]);
  // They are compared once for each scope, and no scope before it is kept alive.
  assertEquals([after(second), second.asked], [0, ["var.a"]]);
  assertStrictEquals(memory.get(key)!.dependencies.scope, second);
  assertEquals(after(scopeOf({ "var.a": other })), 1);
  assertEquals(after(scopeOf({})), 1);
});

Deno.test("a block counts as long as the environment answers the same, and is asked for nothing else", () => {
  const [memory, key]: [BlockMemory, object] = [new WeakMap(), {}];
  const after = (values: Record<string, string>) => {
    const asked: string[] = [];
    const reader = open(memory, undefined, (name) => (asked.push(name), values[name]));
    reader.read(key, taking({ ask: ["A", "B"] }));
    return [reader.blocksRead, ...asked];
  };
  assertEquals(after({ A: "1" }), [1, "A", "B"]);
  assertEquals(after({ A: "1" }), [0, "A", "B"]);
  assertEquals(after({ A: "2" }), [1, "A", "A", "B"]);
  assertEquals(after({ A: "2", B: "3" }), [1, "A", "B", "A", "B"]);
  assertEquals(after({ A: "2" }), [1, "A", "B", "A", "B"]);
});

Deno.test("each block remembers its own names and answers, not those of the blocks before it", () => {
  const memory: BlockMemory = new WeakMap();
  const reader = open(memory);
  reader.read({}, taking({ names: { "var.a": 1 }, ask: ["A"] }));
  const { dependencies } = reader.read({}, taking({ names: { "var.b": 2 }, ask: ["B"] }));
  assertEquals([[...dependencies.lookUps], [...dependencies.environment]], [[["var.b", 2]], [["B", ""]]]);
  const { dependencies: none } = reader.read({}, taking({}));
  assertEquals([none.lookUps.size, none.environment.size], [0, 0]);
});

Deno.test("an entry of several parts counts as long as they are the same, in the same order", () => {
  const [a, b, c] = [{}, {}, {}];
  const again = (before: object[], after: object[]) => readings(open, taking({}), [before, after])[1];
  assertEquals([again([a, b], [a, b]), again([a, b], [a]), again([a], [a, b])], [0, 1, 1]);
  assertEquals([again([a, b], [b, a]), again([a, b], [a, c])], [1, 1]);
});
