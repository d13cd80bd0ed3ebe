// Writes a configuration in the grammar of a Honua server: the body of the file that the server loads. A text that the
// server would expand again becomes a variable, since the grammar has no escape for it and the server does not expand a
// variable's value. The writer remembers the text of each block with the block.
import { createHash } from "node:crypto";
import type { Honua, HonuaConfig, RateLimit } from "../config/honua_config.ts";
import { ownCopy } from "../host/own_copy.ts";
import { openPace, type Pace } from "../time/pace.ts";
import { inTurns } from "../time/turns.ts";
import { type Joined, joined } from "./joined_texts.ts";
import { type NameOrder, openNameOrder } from "./name_order.ts";
import {
  cacheText,
  dataSourceText,
  honuaText,
  layerText,
  rateLimitText,
  serviceText,
  type TextVariables,
  variableText,
} from "./server_block_text.ts";
import type { ServerFormBody } from "./server_form.ts";

/** Writes configurations one after another; it is fast if they are similar. */
export interface ServerFormWriter {
  /**
   * Writes a configuration, and yields to the event loop. The same configuration gives the same bytes after any others.
   * A block that is the same object as in the last configuration keeps its text, so a configuration must not change
   * after this call. Rejects only with the pace's reason.
   */
  write(config: HonuaConfig, pace?: Pace): Promise<ServerFormBody>;
}

/** Opens a writer with an empty memory. */
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

/** The texts of blocks. */
interface Memory {
  /** Of the names of the variables that have texts. */
  readonly prefix: string;
  /** By the block. */
  readonly texts: WeakMap<object, { readonly id: string; readonly text: string }>;
  /** The last body. */
  readonly last: Joined;
}

/** The blocks of one kind, and the function that writes one of them. */
interface Section {
  readonly blocks: Readonly<Record<string, unknown>>;
  /** Returns an empty text if the grammar cannot express the block. */
  readonly text: (id: string, block: never, variables: TextVariables) => string;
}

/** Writes blocks in the order of their ids, since the order of the source is not the same on every host. */
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

/** Returns an empty line, the variables with the block's texts, and the block; empty if the block has no text. */
function textOf({ blocks, text }: Section, prefix: string, id: string): string {
  let variables = "";
  const main = text(id, blocks[id] as never, {
    variableFor(setting, value) {
      // The name comes from the setting, so that a new value changes one line, and the name reveals nothing of the
      // value.
      const name = `${prefix}__${encoded(id)}__${encoded(setting)}`;
      variables += variableText(name, value);
      return name;
    },
  });
  return main === "" ? "" : `\n${variables}${main}`;
}

/** Longer parts of names are digests: an id may be as long as a file, and is in the name of each of its settings. */
const MAX_PART = 64;

/** Encodes a text as a unique part of a variable's name; for the server a name ends before the first non-`\w`. */
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
      text: (_, block: RateLimit, variables) => rateLimitText(block, variables),
    },
  };
}

/** Returns a prefix that no variable of the configuration has: `honua_configd`, if need be with a number. */
function freePrefix(variables: HonuaConfig["variables"]): string {
  const taken = new Set(Object.keys(variables).map((name) => /^honua_configd(\d*)__/.exec(name)?.[1]));
  let number = "";
  for (let next = 2; taken.has(number); next++) number = `${next}`;
  return `honua_configd${number}`;
}
