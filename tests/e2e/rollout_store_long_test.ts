// Redis in trouble in the middle of a rollout: killed, emptied, or out of reach, at each step of it.
import { assert, assertEquals } from "@std/assert";
import { parseRollout } from "../../src/agreement/rollout.ts";
import { eventually } from "../support/eventually.ts";
import { CHANNEL, type Fleet, openFleet } from "../support/fleet.ts";

/** How many of the hosts each step lets in. */
const COUNTS = [1, 2, 4];
const SETTINGS = {
  "Rollout:Steps:0": "1",
  "Rollout:Steps:1": "2",
  // Longer than it takes a busy machine to cause the trouble after a step began to bake.
  "Rollout:BakeSeconds": "4",
  "Rollout:DeadlineSeconds": "60",
};

/** Waits until a rollout of another hash is at a step, and its hosts bake; resolves with its hash. */
async function bakes({ redis }: Fleet, step: number, before: string): Promise<string> {
  return await eventually(`step ${step}`, async () => {
    const rollout = parseRollout((await redis.cli("hget", `{${CHANNEL}}:head`, "rollout")).trim());
    return rollout?.step === step && rollout.phase === "baking" && rollout.hash !== before ? rollout.hash : null;
  }, 60_000);
}

/** The number of hosts that run a hash. */
async function runners({ instances }: Fleet, hash: string): Promise<number> {
  const all = await Promise.all(instances.map((one) => one.status()));
  return all.filter(({ active }) => active?.hash === hash).length;
}

/** Causes a trouble, and calls back while no step can begin. */
type Trouble = (fleet: Fleet, during: () => Promise<void>) => Promise<void>;

const TROUBLES: Readonly<Record<string, Trouble>> = {
  "killed and started again": async ({ redis }, during) => {
    await redis.kill();
    await during();
    await redis.restart();
  },
  // Nothing keeps the hosts from beginning again at once.
  "emptied": async ({ redis }) => void await redis.cli("flushall"),
  "out of reach for a while": async ({ redis, instances }, during) => {
    redis.freeze();
    try {
      for (const one of instances) {
        await eventually("a lost link", async () => (await one.status()).redis.state === "down", 60_000);
      }
      await during();
    } finally {
      redis.thaw();
    }
  },
};

for (const [trouble, cause] of Object.entries(TROUBLES)) {
  Deno.test(`Redis is ${trouble} at each step of a rollout: no host outside runs the change, and all do in the end`, async () => {
    await using fleet = await openFleet({
      count: COUNTS.at(-1)!,
      settings: SETTINGS,
      redis: { config: ["appendonly yes", "appendfsync always"] },
    });
    fleet.start();
    let hash = await fleet.agrees("first", 1);
    for (const [step, most] of COUNTS.entries()) {
      const title = `change at step ${step}`;
      for (const one of fleet.instances) await one.edit(title);
      hash = await bakes(fleet, step, hash);
      const froms = fleet.instances.map((one) => one.daemon.entries.length);
      await cause(fleet, async () => assert(await runners(fleet, hash) <= most));
      for (const one of fleet.instances) {
        await eventually("agreement on the change", async () => {
          const { active, standing } = await one.status();
          return active?.hash === hash && standing === "agreed";
        }, 60_000);
      }
      // The steps that were left, or all of them again: never all hosts at once.
      const activated = fleet.instances.flatMap(({ daemon }, index) =>
        daemon.entries.slice(froms[index]).filter((entry) => entry.outcome === "activated").map(({ time }) => time!)
      );
      const isLast = step === COUNTS.length - 1;
      assertEquals(isLast || new Set(activated).size > 1, true, activated.join(" "));
    }
  });
}
