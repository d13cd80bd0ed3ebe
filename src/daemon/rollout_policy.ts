// The policy of the rollouts that a program with these options proposes.
import type { Options } from "../options/options.ts";
import type { RolloutPolicy } from "../rollout/staging.ts";
import { parseStep } from "../rollout/steps.ts";

/** Null: all hosts take a change up at once. */
export function policyOf(
  { steps, bakeSeconds, deadlineSeconds, onFailure }: Options["rollout"],
): RolloutPolicy | null {
  // The options were checked for the form of steps.
  const parsed = steps.flatMap((step) => parseStep(step) ?? []);
  return parsed.length === 0 ? null : { steps: parsed, bakeSeconds, deadlineSeconds, onFailure };
}
