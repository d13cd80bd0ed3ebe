// The events of rollouts in the lines of a transcript: orders of persons and published releases.
import type { Event } from "../../src/reload/events.ts";
import type { Host } from "../releases/releases_transcript.ts";

/** `news` · `due` · `promote [full]` · `pause-rollout` · `abort` · `publish HASH`; null: the line is another event. */
export function rolloutEventOf({ at }: Host, line: string): Event<string> | null {
  const [verb = "", what = ""] = line.split(" ");
  const person = { author: "ada", reason: "asked" };
  switch (verb) {
    case "news":
      return { kind: "heard" };
    case "due":
      return { kind: "rollout-due" };
    case "promote":
      return { kind: "rollout-ordered", order: { kind: "promote", full: what === "full", ...person } };
    case "pause-rollout":
      return { kind: "rollout-ordered", order: { kind: "pause", ...person } };
    case "abort":
      return { kind: "rollout-ordered", order: { kind: "abort", at, ...person } };
    case "publish":
      return { kind: "published", published: { hash: what, terms: person } };
  }
  return null;
}
