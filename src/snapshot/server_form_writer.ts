// A configuration in the grammar that a Honua server reads itself: the body of the file that it loads. A text that the
// server would expand once more travels as a variable, since the grammar has no escape for it and a variable's value is
// not expanded. Objects that are the same as in the last configuration are taken over.
import type { Honua, HonuaConfig, RateLimit } from "../config/honua_config.ts";
import { openPace, type Pace } from "../time/pace.ts";
import { inTurns } from "../time/turns.ts";
import {
  cacheText,
  dataSourceText,
  honuaText,
  layerText,
  rateLimitText,
  serviceText,
  variableText,
} from "./server_block_text.ts";
import type { ServerFormBody } from "./server_form.ts";
import { type Section, type SectionText, sectionText } from "./server_section.ts";

/** Writes one configuration after another, mostly much the same one. */
export interface ServerFormWriter {
  /**
   * Writes a configuration, in turns. The same configuration comes to the same bytes, whatever was written before. A piece
   * whose blocks are the same objects as in the last configuration is taken over: a configuration must not be changed once
   * it was given. Rejects with the pace's reason only.
   */
  write(config: HonuaConfig, pace?: Pace): Promise<ServerFormBody>;
  /** The cost of the last call. */
  readonly work: {
    /** Blocks of which text was made. */
    readonly blocksRendered: number;
  };
}

/** Opens a writer that remembers nothing yet. */
export function openServerFormWriter(): ServerFormWriter {
  let memory: Memory = { prefix: "", sections: new Map() };
  let blocksRendered = 0;
  return {
    get work() {
      return { blocksRendered };
    },
    async write(config, pace = openPace()) {
      blocksRendered = 0;
      const now = await inTurns(memoryOf(config, memory), pace);
      memory = now;
      const pieces: Uint8Array<ArrayBuffer>[] = [];
      let byteLength = 0;
      for (const section of now.sections.values()) {
        blocksRendered += section.blocksRendered;
        for (const { bytes } of section.pieces.values()) {
          if (bytes.length === 0) continue;
          pieces.push(bytes);
          byteLength += bytes.length;
        }
      }
      return { pieces, byteLength };
    },
  };
}

/** A written configuration, which the next one is made from. */
interface Memory {
  /** The beginning of the names of the variables by which texts travel. */
  readonly prefix: string;
  /** By kind, in the order of the file. */
  readonly sections: ReadonlyMap<string, SectionText>;
}

/** Rests where it yields. */
function* memoryOf(config: HonuaConfig, last: Memory): Generator<void, Memory> {
  const prefix = freePrefix(config.variables);
  const known = prefix === last.prefix ? last.sections : null;
  const sections = new Map<string, SectionText>();
  for (const [kind, section] of Object.entries(sectionsOf(config))) {
    sections.set(kind, yield* sectionText({ ...section, prefix: `${prefix}__${kind}` }, known?.get(kind)));
  }
  return { prefix, sections };
}

/** By kind, in the order of the file. */
function sectionsOf(config: HonuaConfig): Record<string, Omit<Section, "prefix">> {
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
