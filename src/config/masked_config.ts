// A whole configuration that is safe to show: secrets are masked by their names and forms, and so is each variable
// whose value is part of a masked text.
import { MASK, maskConfig, type MaskedJson, type MaskOptions } from "../diagnostic/secrets.ts";
import { atOnce } from "../time/turns.ts";
import type { Config } from "./changes.ts";

/** The JSON object that masking returns. */
export type MaskedObject = { readonly [name: string]: MaskedJson };

/** Makes a masked copy of a configuration, resolved or portable. */
export function maskedConfig(config: Config, options: MaskOptions): MaskedObject {
  return atOnce(maskingConfigs([config], options))[0]!;
}

/**
 * Makes masked copies of several versions of a configuration in the steps of a generator. A variable that is part of a
 * secret in one version is masked in all of them.
 */
export function* maskingConfigs(
  configs: readonly Config[],
  options: MaskOptions,
): Generator<void, readonly MaskedObject[]> {
  const hidden: string[] = [];
  const all: MaskedObject[] = [];
  for (const config of configs) all.push(yield* maskParts(config, options, hidden));
  for (const masked of all) yield* maskVariables(masked, hidden);
  return all;
}

/** Collects the texts and numbers that it masks. */
function* maskParts(config: Config, options: MaskOptions, hidden: string[]): Generator<void, MaskedObject> {
  const masked: { [name: string]: MaskedJson } = Object.create(null);
  for (const [part, value] of Object.entries(config)) {
    if (!isObject(value)) {
      masked[part] = maskAt([part], value, options);
      collectHidden(value, masked[part], hidden);
      continue;
    }
    const entries: { [name: string]: MaskedJson } = masked[part] = Object.create(null);
    for (const [name, entry] of Object.entries(value)) {
      yield;
      entries[name] = maskAt([part, name], entry, options);
      collectHidden(entry, entries[name], hidden);
    }
  }
  return masked;
}

/** Masks a value at its path, as {@linkcode maskConfig} does within the whole configuration. */
export function maskAt(path: readonly string[], value: unknown, options: MaskOptions): MaskedJson {
  let masked = maskConfig(path.reduceRight<unknown>((inner, name) => memberOnly(name, inner), value), options);
  for (const name of path) masked = (masked as MaskedObject)[name]!;
  return masked;
}

/** An object with one member, which may be named `__proto__`. */
function memberOnly(name: string, value: unknown): unknown {
  const object = Object.create(null);
  object[name] = value;
  return object;
}

function collectHidden(original: unknown, shown: MaskedJson | undefined, hidden: string[]): void {
  if (typeof original === "string" || typeof original === "number") {
    if (original !== shown) hidden.push(String(original));
  } else if (typeof original === "object" && original !== null) {
    for (const [name, value] of Object.entries(original)) {
      collectHidden(value, (shown as MaskedObject | undefined)?.[name], hidden);
    }
  }
}

function* maskVariables(masked: MaskedObject, hidden: readonly string[]): Generator<void, void> {
  const { variables } = masked;
  if (!isObject(variables) || hidden.length === 0) return;
  const texts = new Set(hidden);
  for (const [name, value] of Object.entries(variables)) {
    yield;
    const isPart = typeof value === "number"
      ? texts.has(String(value))
      : typeof value === "string" && value !== "" && hidden.some((text) => text.includes(value));
    if (isPart) (variables as { [name: string]: MaskedJson })[name] = MASK;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
