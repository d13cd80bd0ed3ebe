// A transcript of the hooks: one line an event and the actions that must follow, `activated 2 layers -> run a 2`. Plans
// are written `name [on] [parallel] [stop] [only=layers,caches] [attempts=2]`; jitter is 0, so a wait is half of the
// longest.
import { assertEquals } from "@std/assert";
import {
  decideHooks,
  type HookEvent,
  type HookPlan,
  type HooksAction,
  type HooksEvent,
  type HooksState,
  initialHooks,
} from "../../src/hooks/decide_hooks.ts";

/** The plan of `name [on] [parallel] [stop] [only=…] [attempts=…]`. */
export function planOf(text: string): HookPlan {
  const [name = "", ...words] = text.split(" ");
  const valueOf = (key: string) => words.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
  return {
    name,
    on: words.find((word): word is HookEvent => ["rejected", "diverged"].includes(word)) ?? "activated",
    parallel: words.includes("parallel"),
    only: valueOf("only")?.split(",") ?? [],
    attempts: Number(valueOf("attempts") ?? 0),
    stopOnFailure: words.includes("stop"),
    backoff: { firstMilliseconds: 1_000, capMilliseconds: 60_000 },
  };
}

/**
 * Replays the lines over hooks that are done as `done` says (`a=1`), and returns the state they end in. Events:
 * `activated KEY [PARTS|?] [splay MS]` (the parts default to `layers`, `?`: not known), `start KEY`, `rejected KEY`,
 * `diverged KEY`, `over EVENT`, `due HOOK`, `ok HOOK`, `failed HOOK`, `stop`.
 */
export function replayHooks(plans: readonly string[], done: string, transcript: string): HooksState<string> {
  const known = done.split(" ").filter((one) => one !== "").map((one): [string, string] => {
    const [name = "", key = ""] = one.split("=");
    return [name, key];
  });
  let state = initialHooks<string>(plans.map(planOf), new Map(known));
  let before: string | null = known[0]?.[1] ?? null;
  for (const line of transcript.split("\n").map((one) => one.trim()).filter((one) => one !== "")) {
    const [text = "", expected = ""] = line.split("->").map((part) => part.trim());
    const event = eventOf(text, before);
    if (event.kind === "happened" && event.trigger.event === "activated") before = event.trigger.key;
    const decision = decideHooks(state, event);
    state = decision.state;
    assertEquals(decision.actions.map(actionText).join(", "), expected, `after ${text}`);
  }
  return state;
}

function eventOf(text: string, before: string | null): HooksEvent<string> {
  const [verb = "", subject = "", ...rest] = text.split(" ");
  switch (verb) {
    case "stop":
      return { kind: "stop" };
    case "over":
      return { kind: "over", event: subject as HookEvent };
    case "due":
      return { kind: "due", hook: subject };
    case "ok":
      return { kind: "ended", hook: subject, result: { ok: true }, random: 0 };
    case "failed":
      return { kind: "ended", hook: subject, result: { ok: false, reason: "exited with 1" }, random: 0 };
  }
  const isActivation = verb === "activated" || verb === "start";
  const [parts = "layers"] = rest[0] === "splay" ? [] : rest;
  const splay = rest.indexOf("splay");
  return {
    kind: "happened",
    trigger: {
      event: isActivation ? "activated" : verb as HookEvent,
      key: subject,
      before: verb === "activated" ? before : null,
      changed: verb === "activated" && parts !== "?" ? parts.split(",") : null,
      isStart: verb === "start",
      input: subject,
    },
    splayMilliseconds: splay < 0 ? 0 : Number(rest[splay + 1]),
  };
}

/** The changed parts, if not the default: ` layers+caches`, ` ?`. */
function changedText(changed: readonly string[] | null): string {
  return changed?.join() === "layers" ? "" : ` ${changed?.join("+") ?? "?"}`;
}

function actionText(action: HooksAction<string>): string {
  switch (action.kind) {
    case "run":
      return `run ${action.hook} ${action.input}${changedText(action.changed)}`;
    case "arm":
      return `arm ${action.hook} ${action.milliseconds}`;
    case "disarm":
      return `disarm ${action.hook}`;
    case "keep":
      return `keep ${[...action.done].map((one) => one.join("=")).join(" ") || "none"}`;
    case "report": {
      const { hook, result, superseded, willRetryInMilliseconds, held } = action.verdict;
      const next = superseded ? " superseded" : willRetryInMilliseconds === null ? "" : ` ${willRetryInMilliseconds}`;
      const others = held.length === 0 ? "" : ` holds ${held.join("+")}`;
      return `report ${hook} ${result.ok ? "ok" : "failed"}${next}${others}`;
    }
    case "abort":
      return "abort";
  }
}
