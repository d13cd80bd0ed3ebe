// Reads blocks one by one, each into values in two forms: resolved for this host, and portable. The values of a block
// depend only on the block, the names that it looks up, and the variables that it reads from the environment.
import { isSecretName } from "../diagnostic/secrets.ts";
import { nearest } from "../diagnostic/suggest.ts";
import type { Block, Value } from "../document/document.ts";
import { escapeTemplate } from "./expressions.ts";
import { readFree, readFreeEntries, readUnknown, reservedKeys } from "./free_settings.ts";
import type { JsonObject } from "./json.ts";
import { assign, emptyPair, type PortablePair, type Reader, shareEqualForms } from "./reading.ts";
import { blockMembers } from "./schema.ts";
import { NOT_SUPPORTED, SERVER_VALUES } from "./rules_of_server_form.ts";
import { serverValueOf } from "../server/grammar.ts";
import { readObject } from "./settings.ts";
import { headerRange, type LabelledType, type SingleType } from "./sorted_blocks.ts";

/** Returns the value of an entry; null if there is none, or if it is a literal null. */
export function valueOf(block: Block, name: string): Value | null {
  const value = block.body.entries.find((entry) => entry.name === name)?.value ?? null;
  return value?.kind === "literal" && value.value === null ? null : value;
}

/** Reads the default of a variable. */
export function readVariable(reader: Reader, name: string, block: Block): PortablePair {
  const path = `variable.${name}`;
  const value = valueOf(block, "default");
  const { findings } = reader;
  findings.note(path, headerRange(block));
  if (value === null) {
    const misspelled = block.body.entries.find((entry) => nearest(entry.name, ["default"]) !== null);
    findings.warning("config/variable-without-value", `Variable ${name} has no default`, path, headerRange(block), {
      why: "Nothing else can give it a value, so it is null",
      suggestion: misspelled ? `Did you mean default in place of ${misspelled.name}?` : "Give it one: default = …",
    });
    return { resolved: null, portable: null };
  }
  const pair = readFree(reader, value, path);
  if (pair.resolved !== undefined && serverValueOf(pair.resolved) === null) {
    findings.warning(NOT_SUPPORTED, `Variable ${name} is left out of the server's file`, path, headerRange(block), {
      why: SERVER_VALUES,
      suggestion: "Leave it as it is: each setting that refers to it has its value already",
    });
  }
  for (const entry of block.body.entries) {
    if (entry.name === "default") continue;
    const near = nearest(entry.name, ["default"]);
    const summary = `Unknown setting ${entry.name}`;
    findings.warning(NOT_SUPPORTED, summary, `${path}.${entry.name}`, entry.nameRange, {
      why: "A variable has a default and nothing else; this is left out of the snapshot and of the server's file",
      suggestion: near === null ? null : `Did you mean ${near}?`,
    });
  }
  return pair;
}

/** Returns the value of a variable if it must not be quoted anywhere; else null. */
export function secretOf(name: string, { resolved }: PortablePair): string | null {
  return typeof resolved === "string" && resolved !== "" && isSecretName(name) ? resolved : null;
}

/** Reads a block with a label; its id becomes a member beside its settings. */
export function readLabelled(reader: Reader, type: LabelledType, id: string, block: Block): PortablePair<JsonObject> {
  const path = `${type}.${id}`;
  reader.findings.note(path, headerRange(block));
  const pair = type === "service" ? readService(reader, block, path) : readBody(reader, type, block, path);
  const portableId = escapeTemplate(id);
  Object.assign(pair.resolved!, { id, ...(type === "service" ? { type: pair.resolved!.type ?? id } : {}) });
  Object.assign(pair.portable!, {
    id: portableId,
    ...(type === "service" ? { type: pair.portable!.type ?? portableId } : {}),
  });
  return pair;
}

/** Reads a block without a label; if the source has none, it has its defaults. */
export function readSingle(reader: Reader, type: SingleType, block: Block | undefined): PortablePair<JsonObject> {
  if (block === undefined) return readObject(reader, blockMembers[type], [], type);
  reader.findings.note(type, headerRange(block));
  return readBody(reader, type, block, type);
}

function readBody(
  reader: Reader,
  type: keyof typeof blockMembers,
  block: Block,
  path: string,
): PortablePair<JsonObject> {
  return readObject(reader, blockMembers[type], block.body.entries, path);
}

/**
 * The unknown attributes of a service are its settings, so they cause no warning. In JSON, settings have their own
 * object, and members beside it are unknown as in any block.
 */
function readService(reader: Reader, block: Block, path: string): PortablePair<JsonObject> {
  const settings = emptyPair();
  const members = blockMembers.service;
  const pair = readObject(reader, members, block.body.entries, path, (others, into) => {
    const entries = others.filter((entry) => entry.role !== "unknown");
    const unknown = others.filter((entry) => entry.role === "unknown");
    readUnknown(reader, unknown, {
      path,
      members: [...members.values()],
      reserved: reservedKeys(members).add("settings"),
    }, into);
    for (const { name, value } of entries) reader.findings.note(`${path}.${name}`, value.range);
    const read = readFreeEntries(reader, entries, path, { interpolates: true, refers: false });
    Object.assign(settings.resolved, read.resolved);
    Object.assign(settings.portable, read.portable);
  });
  assign(pair, "settings", shareEqualForms(settings));
  return pair;
}
