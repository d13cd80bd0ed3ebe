// Finds settings that a Honua server cannot read, since its own reader accepts less than HCL and JSON can express. The
// server's file omits them, with a warning at their place, or an error if the server would behave otherwise without
// them.
import { isName } from "../server/grammar.ts";
import { serverReadingOf } from "../server/service_settings.ts";
import type { Finding } from "./findings.ts";
import type { DataSource, Layer, RateLimit, Service } from "./honua_config.ts";
import { clip } from "./reading.ts";
import { errorAt, type RuleContext, warningAt } from "./rules.ts";

/** The code of the finding that the server's file omits a setting. */
export const NOT_SUPPORTED = "server/not-supported";

/** The values that a server reads in a setting without a schema. */
export const SERVER_VALUES = "A server reads texts, whole numbers of 32 bits, true and false, and lists of texts here";

/** The rules of each type of block from which the server's file may omit a setting. */
export const serverFormRules = {
  data_source: dataSourceRules,
  service: serviceRules,
  layer: layerRules,
  rate_limit: rateLimitRules,
};

function* dataSourceRules(context: RuleContext, { id, readOnly, maxReplicationLag }: DataSource): Generator<Finding> {
  if (readOnly) {
    yield* leftOut(context, `data_source.${id}.read_only`, "read_only", {
      why: "A server reads no such setting from its file, and would write to this data source",
      suggestion: "Connect as a user of the database that can only read, and remove read_only",
    });
  }
  if (maxReplicationLag !== undefined) {
    yield* leftOut(context, `data_source.${id}.max_replication_lag`, "max_replication_lag", {
      why: "A server reads no such setting from its file, and would use this data source however late it is",
      suggestion: "Remove it",
    });
  }
}

function* serviceRules(context: RuleContext, { id, settings }: Service): Generator<Finding> {
  for (const [name, value] of Object.entries(settings)) {
    const path = `service.${id}.${name}`;
    const reading = serverReadingOf(name, value);
    switch (reading.kind) {
      case "written":
        break;
      case "reserved":
        yield* leftOut(context, path, name, {
          why: `The server takes ${name} for the service's own setting of that name`,
          suggestion: "Rename it",
        });
        break;
      case "invalid-name":
        yield* leftOut(context, path, name, { why: NAMES, suggestion: `Rename it, for example to ${renamed(name)}` });
        break;
      case "unsupported":
        if (reading.wanted === null) {
          const isNested = typeof value === "object" && value !== null && !Array.isArray(value);
          yield* leftOut(context, path, name, {
            why: SERVER_VALUES,
            suggestion: isNested ? "Write its settings into the service itself" : "Write one of these, or remove it",
          });
        } else {
          yield* errorAt(context, path, NOT_SUPPORTED, `The server cannot be given this ${name}`, {
            why: `It looks for ${reading.wanted} here, and would take its own default`,
            suggestion: `Write ${reading.wanted}`,
          });
        }
        break;
      case "ignored":
        yield* warningAt(context, path, "server/wrong-type", `The server takes no notice of this ${name}`, {
          why: `It looks for ${reading.wanted} here, and takes its own default in place of anything else`,
          suggestion: `Write ${reading.wanted}`,
        });
    }
  }
}

function* layerRules(context: RuleContext, { id, introspectFields, fields }: Layer): Generator<Finding> {
  const names = Object.keys(fields ?? {});
  const unnameable = names.filter((name) => !isName(name));
  const path = `layer.${id}.fields`;
  const suggestion = "Read the table through a view that names the column so";
  if (unnameable.length > 0 && unnameable.length === names.length && !introspectFields) {
    yield* errorAt(context, path, NOT_SUPPORTED, "The server cannot be given any of the layer's fields", {
      why: `${NAMES}; they are not introspected either`,
      suggestion,
    });
    return;
  }
  for (const name of unnameable) {
    yield* leftOut(context, `${path}.${name}`, name, { why: NAMES, suggestion });
  }
}

function* rateLimitRules(context: RuleContext, { rules }: RateLimit): Generator<Finding> {
  for (const name of Object.keys(rules)) {
    if (isName(name)) continue;
    yield* leftOut(context, `rate_limit.rules.${name}`, name, {
      why: NAMES,
      suggestion: `Rename it, for example to ${renamed(name)}`,
    });
  }
}

const NAMES = "A server reads names of letters, digits and _ only";

/** Makes a name that the server reads. */
function renamed(name: string): string {
  return clip(name.replace(/[^\p{L}\p{Nd}_]|[\u{10000}-\u{10ffff}]/gu, "_")) || "name";
}

/** Warns that the server's file omits a setting of the snapshot. */
function leftOut(
  context: RuleContext,
  path: string,
  name: string,
  details: { readonly why: string; readonly suggestion: string },
): Generator<Finding> {
  return warningAt(context, path, NOT_SUPPORTED, `${clip(name)} is left out of the server's file`, details);
}
