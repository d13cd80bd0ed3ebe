// Holds the loop for the parts that are made before it and that it needs itself. They get this object in its place, and
// use it only once the loop runs.
import type { Loop } from "../reload/loop.ts";
import type { Candidate } from "./look_compiler.ts";

/** The loop as other parts use it. */
export type LoopAccess = Pick<Loop<Candidate>, "hint" | "link" | "release" | "state">;

/** A place for the loop. Its other members throw before `hold`: that is a bug. */
export interface LoopHolder extends LoopAccess {
  /** Takes the loop, once it runs. */
  hold(loop: LoopAccess): void;
}

/** Opens an empty holder. */
export function loopHolder(): LoopHolder {
  let held: LoopAccess | null = null;
  const loop = (): LoopAccess => {
    if (held === null) throw new Error("the loop was used before it ran");
    return held;
  };
  return {
    hold: (one) => void (held = one),
    hint: (reason) => loop().hint(reason),
    link: (event) => loop().link(event),
    release: (news) => loop().release(news),
    state: () => loop().state(),
  };
}
