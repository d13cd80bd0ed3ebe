// The variations of a run with rollouts: the steps, the times, and hosts that are unlike the others.
import type { RolloutPolicy } from "../../src/rollout/staging.ts";
import { parseStep, type Step } from "../../src/rollout/steps.ts";
import type { Random } from "../support/random.ts";
import { HEALTH, type Host, type Setting } from "./world.ts";

/** The common settings of the hosts of a fleet with rollouts. */
export interface RolloutFleet {
  readonly policy: RolloutPolicy;
  /** Whether each host has its own policy. */
  readonly isMixed: boolean;
  /** Whether some hosts run version 0.1. */
  readonly hasOld: boolean;
  /** Whether all hosts have a source. */
  readonly hasFiles: boolean;
  /** Whether hosts run only approved configurations. */
  readonly needsApproval: boolean;
  /** Whether the clocks differ. */
  readonly isSkewed: boolean;
}

const STEPS = [["1", "100%"], ["+1"], ["1", "25%", "100%"], ["50%"], ["2", "+2"], ["100%"], ["1", "2", "3", "+3"]];

/** The part of the setting that rollouts have of their own. */
export function rolloutSettingFrom(random: Random): Pick<Setting, "rollouts" | "hosts" | "operators" | "limits"> {
  return {
    rollouts: {
      policy: policyFrom(random),
      isMixed: random.below(8) === 0,
      hasOld: random.below(20) === 0,
      hasFiles: random.below(4) > 0,
      needsApproval: random.below(4) === 0,
      isSkewed: random.below(2) === 0,
    },
    hosts: random.below(60) === 0 ? 9 + random.below(42) : 2 + random.below(7),
    operators: random.below(3) === 0,
    limits: { keep: random.pick([2, 5, 20]), health: random.below(4) > 0 ? HEALTH : null },
  };
}

type RolloutHost = Pick<Host, "policy" | "stages" | "canary" | "hasFile" | "skew">;

/** The settings of one instance; `index` 0 has a source and knows of rollouts in any world. */
export function rolloutHostFrom(random: Random, fleet: RolloutFleet | null, index: number): RolloutHost {
  if (fleet === null) return { policy: null, stages: true, canary: false, hasFile: true, skew: 0 };
  const isOld = index > 0 && fleet.hasOld && random.below(3) === 0;
  return {
    policy: isOld ? null : fleet.isMixed ? policyFrom(random) : fleet.policy,
    stages: !isOld,
    canary: random.below(8) === 0,
    hasFile: isOld || index === 0 || fleet.hasFiles || random.below(2) === 0,
    skew: fleet.isSkewed ? random.below(600_000) - 300_000 : 0,
  };
}

function policyFrom(random: Random): RolloutPolicy {
  return {
    steps: random.pick(STEPS).map((text): Step => parseStep(text)!),
    bakeSeconds: random.pick([0, 1, 3, 10, 60]),
    deadlineSeconds: random.pick([20, 30, 90]),
    onFailure: random.pick(["rollback", "rollback", "halt"]),
  };
}
