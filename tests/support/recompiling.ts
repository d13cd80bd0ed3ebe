// Checks the equality behind reloads: after any sources and environments, a compiler results in the same as a new one:
// hashes, bytes, configurations and every diagnostic with its place.
import { assertEquals } from "@std/assert";
import type { Environment } from "../../src/config/environment.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import { openBlockParser } from "../../src/document/hcl/block_parser.ts";
import type { Parser } from "../../src/document/hcl/parser.ts";
import { type Compiled, openCompiler } from "../../src/compile.ts";
import { nextText } from "./edit_sequence.ts";
import type { Random } from "./random.ts";
import { asText, type Rereading } from "./rereading.ts";

/** Values of a variable; undefined: it is not set. */
const VALUES = ["Host=a", "Host=b", "true", "8080", "", "\ud800", undefined];

/** Opens a compiler without memory, in an environment that changes now and then. */
export function openRecompiling(parser: Parser, random: Random): Rereading {
  const compiler = openCompiler(openBlockParser(parser));
  let values = new Map<string, string | undefined>();
  const environment: Environment = (name) => {
    if (!values.has(name)) values.set(name, random.pick(VALUES));
    return values.get(name);
  };
  let isSound = false;
  /** Begins to compile an edit of the text, and aborts it after that many rests. */
  const giveUp = async (text: string, rests: number) => {
    const controller = new AbortController();
    const { signal } = controller;
    const rest = async () => {
      if (rests-- === 0) controller.abort("given up");
      await Promise.resolve();
      signal.throwIfAborted();
    };
    const source = sourceText("t.hcl", nextText([text], random));
    const pace = { isSpent: () => true, rest };
    const compiling = compiler.compile({ source, format: "hcl", environment, validate: true, signal, pace });
    await compiling.catch((reason) => assertEquals(reason, "given up"));
  };
  return {
    get isSound() {
      return isSound;
    },
    async compare(text) {
      if (random.below(10) === 0) values = new Map();
      if (random.below(10) === 0) await giveUp(text, random.below(100));
      const request = { source: sourceText("t.hcl", text), format: "hcl", environment, validate: true } as const;
      const compiled = await compiler.compile(request);
      isSound = compiled.ok;
      const again = shown(compiled);
      const fresh = shown(await openCompiler(openBlockParser(parser)).compile(request));
      return again === fresh ? null : `compiled again: ${again}\ncompiled fresh: ${fresh}`;
    },
  };
}

function shown(compiled: Compiled): string {
  if (!compiled.ok) return asText({ ...compiled, document: compiled.document?.mistakes });
  const { snapshot: { hash, contentHash, bytes }, config, portable, warnings, counts, secrets } = compiled;
  return asText({
    hash,
    contentHash,
    config,
    portable,
    warnings,
    counts,
    secrets,
    file: new TextDecoder().decode(bytes),
  });
}
