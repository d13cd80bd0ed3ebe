// A configuration in the grammar that a Honua server reads itself: the body of the file that it loads. A text that the
// server would expand once more travels as a variable, since the grammar has no escape for it and a variable's value is
// not expanded. What a block comes to is remembered with the block.
import { createHash } from "node:crypto";
import type { Honua, HonuaConfig, RateLimit } from "../config/honua_config.ts";
import { ownCopy } from "../host/own_copy.ts";
import { openPace, type Pace } from "../time/pace.ts";
import { inTurns } from "../time/turns.ts";
import { type Joined, joined } from "./joined_texts.ts";
import { type NameOrder, openNameOrder } from "./name_order.ts";
import {
  cacheText,
  type Carrier,
  dataSourceText,
  honuaText,
  layerText,
  rateLimitText,
  serviceText,
  variableText,
} from "./server_block_text.ts";
import type { ServerFormBody } from "./server_form.ts";

/** Writes one configuration after another, mostly much the same one. */
export interface ServerFormWriter {
  /**
   * Writes a configuration, in turns. The same configuration comes to the same bytes, whatever was written before. A block
   * that is the same object as in the last configuration is not written out again: a configuration must not be changed once
   * it was given. Rejects with the pace's reason only.
   */
  write(config: HonuaConfig, pace?: Pace): Promise<ServerFormBody>;
}

/** Opens a writer that remembers nothing yet. */
export function openServerFormWriter(): ServerFormWriter {
  let memory: Memory = { prefix: "", texts: new WeakMap(), last: [] };
  const order = openNameOrder();
  return {
    async write(config, pace = openPace()) {
      const prefix = freePrefix(config.variables);
      if (prefix !== memory.prefix) memory = { prefix, texts: new WeakMap(), last: [] };
      const last = await inTurns(joinedOf(config, memory, order), pace);
      memory = { ...memory, last };
      const pieces = last.map(({ bytes }) => bytes);
      return { pieces, byteLength: pieces.reduce((sum, piece) => sum + piece.length, 0) };
    },
  };
}

/** What blocks came to. */
interface Memory {
  /** The beginning of the names of the variables by which texts travel. */
  readonly prefix: string;
  /** By the block. */
  readonly texts: WeakMap<object, { readonly id: string; readonly text: string }>;
  /** What was written last. */
  readonly last: Joined;
}

/** The blocks of one kind, and how one of them is written. */
interface Section {
  readonly blocks: Readonly<Record<string, unknown>>;
  /** Makes a block into text; empty if the grammar cannot say it. */
  readonly text: (id: string, block: never, carrier: Carrier) => string;
}

/** Blocks in the order of their ids, since that of the source is not the same on every host. Rests where it yields. */
function* joinedOf(config: HonuaConfig, { prefix, texts, last }: Memory, order: NameOrder): Generator<void, Joined> {
  const all: string[] = [];
  for (const [kind, section] of Object.entries(sectionsOf(config))) {
    for (const id of yield* order.sorted(kind, Object.keys(section.blocks))) {
      const block = section.blocks[id];
      const isKept = typeof block === "object" && block !== null;
      let known = isKept ? texts.get(block) : undefined;
      if (known?.id !== id) {
        known = { id, text: ownCopy(textOf(section, `${prefix}__${kind}`, id)) };
        if (isKept) texts.set(block, known);
        yield;
      }
      all.push(known.text);
    }
  }
  return yield* joined(all, last);
}

/** An empty line, the variables by which the block's texts travel, and the block; nothing if the block has no text. */
function textOf({ blocks, text }: Section, prefix: string, id: string): string {
  let variables = "";
  const main = text(id, blocks[id] as never, {
    variableFor(setting, value) {
      // By its place, so that a new value changes one line, and a value tells nothing of itself.
      const name = `${prefix}__${encoded(id)}__${encoded(setting)}`;
      variables += variableText(name, value);
      return name;
    },
  });
  return main === "" ? "" : `\n${variables}${main}`;
}

/** Longer parts of names are digests: an id may be as long as a file, and stand in the name of each of its settings. */
const MAX_PART = 64;

/** A text as a part of a variable's name, no two the same; the server knows a name's end by what is no `\w`. */
function encoded(text: string): string {
  if (text.length > MAX_PART) return `_h${createHash("sha256").update(text, "utf16le").digest("hex")}`;
  return text.replace(/[^A-Za-z0-9]/g, (unit) => `_${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** By kind, in the order of the file. */
function sectionsOf(config: HonuaConfig): Record<string, Section> {
  const { honua, variables, dataSources, services, layers, caches, rateLimit } = config;
  return {
    honua: { blocks: { honua }, text: (_, block: Honua) => honuaText(block) },
    variable: { blocks: variables, text: variableText },
    data_source: { blocks: dataSources, text: dataSourceText },
    service: { blocks: services, text: serviceText },
    layer: { blocks: layers, text: layerText },
    cache: { blocks: caches, text: cacheText },
    rate_limit: {
      blocks: rateLimit === undefined ? {} : { rateLimit },
      text: (_, block: RateLimit, carrier) => rateLimitText(block, carrier),
    },
  };
}

/** The beginning of names that no variable of the configuration has: `honua_configd`, or that with a number. */
function freePrefix(variables: HonuaConfig["variables"]): string {
  const taken = new Set(Object.keys(variables).map((name) => /^honua_configd(\d*)__/.exec(name)?.[1]));
  let number = "";
  for (let next = 2; taken.has(number); next++) number = `${next}`;
  return `honua_configd${number}`;
}
