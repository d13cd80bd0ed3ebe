// Warnings about options that are valid.
import { type Diagnostic, warningDiagnostic } from "../diagnostic/diagnostic.ts";
import { HEALTH_DEFAULTS } from "./option_schema.ts";
import type { HealthOptions, Options } from "./options.ts";

/** Returns the warnings about valid options. No warning quotes a value, because it may come from the environment. */
export function optionWarnings(options: Options): Diagnostic[] {
  return [...snapshotWarnings(options), ...healthWarnings(options)];
}

function snapshotWarnings({ snapshot }: Options): Diagnostic[] {
  // A server knows the format of its configuration by the name's extension, in any case.
  if (/\.json$/i.test(snapshot.path)) return [];
  return [warningDiagnostic("options/value", "Snapshot:Path does not end in .json", {
    path: "Snapshot:Path",
    why: "Honua's servers load a JSON configuration only from a file whose name ends so",
    suggestion: "Give the snapshot a name that ends in .json",
  })];
}

function healthWarnings({ health, hooks }: Options): Diagnostic[] {
  if (!hooks.list.some(({ on }) => on === "health")) {
    if (isDefault(health)) return [];
    return [warningDiagnostic("options/value", "Health has no effect without a health hook", {
      path: "Health",
      why: "Only a hook with On health says whether the servers work",
      suggestion: 'Add a hook with "On": "health"',
    })];
  }
  if (health.intervalSeconds * health.failures <= health.bakeSeconds) return [];
  return [warningDiagnostic("options/value", "Health:BakeSeconds is shorter than IntervalSeconds times Failures", {
    path: "Health:BakeSeconds",
    why: "The bake may end before enough checks have failed in a row",
    suggestion: "Let a release bake longer, or check more often",
  })];
}

function isDefault(health: HealthOptions): boolean {
  return Object.entries(HEALTH_DEFAULTS).every(([name, value]) => health[name as keyof HealthOptions] === value);
}
