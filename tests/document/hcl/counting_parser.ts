// A block parser that counts: the cost of judging a source does not depend on the machine.
import { assert } from "@std/assert";
import { openBlockParser } from "../../../src/document/hcl/block_parser.ts";
import { openItemMemory } from "../../../src/document/hcl/item_memory.ts";
import { openParser, type Parser } from "../../../src/document/hcl/parser.ts";
import { openPace } from "../../../src/time/pace.ts";

/** A block parser, and the texts of each request. */
export function openCounting() {
  const requests: (readonly string[])[] = [];
  const real = openParser();
  const counting: Parser = { ...real, judge: (texts, signal) => (requests.push(texts), real.judge(texts, signal)) };
  const parser = openBlockParser(counting);
  const memory = openItemMemory();
  /** The cost of judging a source: items, shapes, texts, requests. */
  const costOf = async (text: string): Promise<number[]> => {
    requests.length = 0;
    const scan = await memory.scan(text, openPace());
    assert((await parser.judge(text, scan.items)).ok);
    memory.keep();
    const { items, shapesParsed, textsParsed } = parser.work;
    return [items, shapesParsed, textsParsed, requests.length];
  };
  return { costOf, requests, [Symbol.asyncDispose]: () => real[Symbol.asyncDispose]() };
}
