// Warnings about options that are valid.
import { type Diagnostic, warningDiagnostic } from "../diagnostic/diagnostic.ts";
import { HEALTH_DEFAULTS, ROLLOUT_DEFAULTS } from "./option_schema.ts";
import type { HealthOptions, Options } from "./options.ts";

/** Returns the warnings about valid options. No warning quotes a value, because it may come from the environment. */
export function optionWarnings(options: Options): Diagnostic[] {
  return [
    ...snapshotWarnings(options),
    ...healthWarnings(options),
    ...rolloutWarnings(options),
    ...approvalsWarnings(options),
    ...sourceWarnings(options),
  ];
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

const ENABLE = "Set HighAvailability:Enabled to true";

function rolloutWarnings({ rollout, highAvailability }: Options): Diagnostic[] {
  const { bakeSeconds, deadlineSeconds, onFailure, steps } = rollout;
  if (steps.length > 0 && !highAvailability.enabled) {
    return [warningDiagnostic("options/value", "Rollout:Steps has no effect without HighAvailability:Enabled", {
      path: "Rollout:Steps",
      why: "Redis says which hosts a step lets in",
      suggestion: ENABLE,
    })];
  }
  const { bakeSeconds: bake, deadlineSeconds: deadline, onFailure: action } = ROLLOUT_DEFAULTS;
  const isDefault = bakeSeconds === bake && deadlineSeconds === deadline && onFailure === action;
  // A canary has a place in the rollouts of others too.
  if (steps.length > 0 || isDefault) return [];
  return [warningDiagnostic("options/value", "Rollout has no effect without Rollout:Steps", {
    path: "Rollout",
    why: "Without steps a change comes to all hosts at once",
    suggestion: 'Set Rollout:Steps, for example to ["1", "25%", "100%"]',
  })];
}

function approvalsWarnings({ approvals, highAvailability }: Options): Diagnostic[] {
  const { required, allowedSigners, revokedKeys } = approvals;
  if (required > 0 && !highAvailability.enabled) {
    return [warningDiagnostic("options/value", "Approvals:Required is set without HighAvailability:Enabled", {
      path: "Approvals:Required",
      why: "Approvals are kept in Redis: without it a signature counts only until the daemon ends",
      suggestion: ENABLE,
    })];
  }
  if (required > 0 || (allowedSigners === null && revokedKeys === null)) return [];
  return [warningDiagnostic("options/value", "Approvals has no effect while Approvals:Required is 0", {
    path: "Approvals",
    why: "No signature is needed then",
    suggestion: "Set Approvals:Required to the number of signatures that are needed",
  })];
}

function sourceWarnings({ source, highAvailability }: Options): Diagnostic[] {
  if (source.from !== "both" || highAvailability.enabled) return [];
  return [warningDiagnostic("options/value", "Source:From is both without HighAvailability:Enabled", {
    path: "Source:From",
    why: "Without Redis there is only the file",
    suggestion: ENABLE,
  })];
}
