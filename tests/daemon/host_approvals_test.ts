import { assert } from "@std/assert";
import { openHostApprovals } from "../../src/daemon/host_approvals.ts";
import { checkOptions } from "../../src/options/option_schema.ts";
import { initialState } from "../../src/reload/state.ts";
import { proposalOf } from "../../src/rollout/moves.ts";

Deno.test("a host that requires no approval does not let a rollout that waits for them begin", async () => {
  const checked = checkOptions({});
  assert(checked.ok);
  const approvals = openHostApprovals({ options: checked.options, sourcePath: null }, {
    loop: { state: () => initialState(null) },
    journal: { append: () => {} },
  });
  const waiting = proposalOf({
    hash: "b".repeat(64),
    instance: "edge-1",
    policy: { steps: [{ kind: "hosts", hosts: 1 }], bakeSeconds: 0, deadlineSeconds: 60, onFailure: "halt" },
    needsApproval: true,
    fleet: [],
    base: "a".repeat(64),
    stored: null,
    terms: null,
    at: 0,
  });
  assert(!await approvals.isApproved(waiting));
});
