// A fleet in which each view of the page has something to show: releases of several causes, a rollout under way, a host
// that rejected it, and hooks, one of which failed. Disposing of it stops all.
import { eventually } from "./eventually.ts";
import { type Fleet, type FleetInstance, openFleet, type Settings } from "./fleet.ts";
import { SAMPLE_CONNECTION, sampleJson } from "./sample_source.ts";

/** The variable that the last host lacks. */
const DEMANDED = "DATABASE_URL";

/** Nothing changes by itself: persons reload, and the rollout bakes for as long as a test takes. */
const STILL: Settings = {
  "ConfigurationWatcher:EnableFileWatching": "false",
  "Rollout:Steps:0": "1",
  "Rollout:Steps:1": "50%",
  "Rollout:Steps:2": "100%",
  "Rollout:BakeSeconds": "3600",
  "Rollout:DeadlineSeconds": "7200",
};

const HOOKS: Settings = {
  "Hooks:List:0:Name": "tiles",
  "Hooks:List:0:Command:0": "/bin/sh",
  "Hooks:List:0:Command:1": "-c",
  "Hooks:List:0:Command:2": "echo purged 1,204 tiles of $HONUA_CONFIGD_CHANGED",
};

const FAILING_HOOK: Settings = {
  "Hooks:List:1:Name": "cdn",
  "Hooks:List:1:Command:0": "/bin/sh",
  "Hooks:List:1:Command:1": "-c",
  "Hooks:List:1:Command:2": "echo 'cdn.internal: connection refused' >&2; exit 7",
  "Hooks:List:1:Retry:BackoffSeconds": "300",
};

/** A fleet, and the hosts that differ from the others. */
export interface BusyFleet extends AsyncDisposable {
  readonly fleet: Fleet;
  /** The one on which persons reload. */
  readonly first: FleetInstance;
  /** The host with a hook that fails. */
  readonly failing: FleetInstance;
  /** The host that rejected the candidate of the rollout. */
  readonly unable: FleetInstance;
}

/** Makes a fleet of hosts with these names, at least three, all on one source; `settings` are those of all. */
export async function openBusyFleet(names: readonly string[], settings: Settings = {}): Promise<BusyFleet> {
  await using stack = new AsyncDisposableStack();
  const fleet = stack.use(
    await openFleet({ count: names.length, shared: true, settings: { ...STILL, ...HOOKS, ...settings } }),
  );
  const [first, failing] = fleet.instances as [FleetInstance, FleetInstance];
  const unable = fleet.instances.at(-1)!;
  for (const [index, instance] of fleet.instances.entries()) {
    instance.start({
      settings: {
        "HighAvailability:InstanceName": names[index]!,
        // It is let in first, not one that cannot take the change.
        ...instance === first && { "Rollout:Canary": "true" },
        ...instance === failing && FAILING_HOOK,
      },
      env: { SAMPLE_CONNECTION, ...instance !== unable && { [DEMANDED]: SAMPLE_CONNECTION } },
    });
  }
  await fleet.agrees("first", 1);
  let generation = 1;
  const bring = async (title: string, author: string, reason: string) => {
    await first.edit(title);
    await succeeds(first.reload({ author, reason, now: true }));
    await fleet.agrees(title, ++generation);
  };
  await bring("Roads and paths", "nadia", "the new survey");
  await bring("Roads, paths and rails", "jonas", "rails of the north");
  await succeeds(post(first, "/admin/rollback", { author: "nadia", reason: "rails have no tiles" }));
  await fleet.agrees("Roads and paths", ++generation);
  await bring("Roads, paths and bridges", "jonas", "bridges, as asked for");
  await first.put(sampleJson("Roads, paths and tunnels").replace("SAMPLE_CONNECTION", DEMANDED));
  // 409: it waits until the rollout lets this host in, which is soon.
  await first.reload({ author: "nadia", reason: "tunnels, from the new database" });
  await unable.reload();
  await eventually("a rollout bakes", async () => {
    const { json } = await first.admin("/admin/rollout");
    return json?.rollout?.phase === "baking";
  }, 30_000);
  const all = stack.move();
  return { fleet, first, failing, unable, [Symbol.asyncDispose]: () => all[Symbol.asyncDispose]() };
}

/** Posts an order. */
function post(instance: FleetInstance, path: string, body: object) {
  const headers = { "Content-Type": "application/json" };
  return instance.admin(path, { method: "POST", headers, body: JSON.stringify(body) });
}

async function succeeds(reply: ReturnType<typeof post>): Promise<void> {
  const { status, text } = await reply;
  if (status !== 200) throw new Error(`the answer is ${status}: ${text}`);
}
