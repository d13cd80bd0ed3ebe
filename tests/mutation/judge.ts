// The verdict on a mutant: the stages of its nearest tests are run until one of them fails. The tests are run without
// the type check. A mutant that the nearest tests do not notice and the type check refuses could not be committed: it
// says nothing about the tests.
import { join } from "node:path";
import type { CheckoutCopy, CopyRun } from "./checkout_copy.ts";
import { type Mutant, mutated } from "./mutant.ts";
import type { NearestTests } from "./nearest_tests.ts";

/** `hung`: a run did not end at its limit, which counts as noticed. `refused`: only the type check notices it. */
export type Verdict = "noticed" | "hung" | "survived" | "refused" | "equivalent" | "not tried";

/** A mutant with its verdict. */
export interface Judgement {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  /** The test file that failed, as far as its output tells. */
  readonly by: string | null;
}

/** The tools of a judge. */
export interface JudgeOptions {
  readonly nearest: NearestTests;
  /** Runs `deno` in a copy. */
  readonly run: (
    copy: CheckoutCopy,
    args: readonly string[],
    limitMilliseconds: number,
    stop: AbortSignal,
  ) => Promise<CopyRun>;
  /** Ends the judging: a mutant that is not judged by then is "not tried". */
  readonly stop: AbortSignal;
  /** Is given each test file that fails without a mutant; it is not run for any. */
  readonly onBroken: (test: string, output: string) => void;
  /** How much longer than three times as long as without a mutant a run may take; default 20 s. */
  readonly extraMilliseconds?: number;
}

/** Judges one mutant after the other in each copy; of several copies it may be called at a time. */
export type Judge = (mutant: Mutant, copy: CheckoutCopy) => Promise<Judgement>;

/** For a test file without a mutant, and for the type check. */
const SOUND_LIMIT_MILLISECONDS = 5 * 60_000;
const TIMES_SOUND = 3;
const EXTRA_MILLISECONDS = 20_000;

const TEST = ["test", "--allow-all", "--no-check", "--fail-fast"];

/** Makes a judge, which remembers how long each test file takes without a mutant. */
export function judgeBy(options: JudgeOptions): Judge {
  const { nearest, run, stop, onBroken, extraMilliseconds = EXTRA_MILLISECONDS } = options;
  const sound = new Map<string, Promise<number | null>>();

  /** Milliseconds that a test file takes without a mutant; null: it fails, or the judging was ended. */
  async function timeOf(test: string, copy: CheckoutCopy): Promise<number | null> {
    const { code, output, milliseconds } = await run(copy, [...TEST, test], SOUND_LIMIT_MILLISECONDS, stop);
    if (code === 0) return milliseconds;
    if (!stop.aborted) onBroken(test, output);
    return null;
  }

  /** The tests of a stage that pass without a mutant, the quickest first, and how long they may take with one. */
  async function planOf(stage: readonly string[], copy: CheckoutCopy): Promise<{ tests: string[]; limit: number }> {
    const times: [string, number][] = [];
    for (const test of stage) {
      let time = sound.get(test);
      if (time === undefined) sound.set(test, time = timeOf(test, copy));
      const milliseconds = await time;
      if (milliseconds !== null) times.push([test, milliseconds]);
    }
    const total = times.reduce((sum, [, milliseconds]) => sum + milliseconds, 0);
    const tests = times.sort(([, one], [, other]) => one - other).map(([test]) => test);
    return { tests, limit: TIMES_SOUND * total + extraMilliseconds };
  }

  return async (mutant, copy) => {
    const path = join(copy.root, mutant.file);
    const text = await Deno.readTextFile(path);
    const attempt = async (args: readonly string[], limit: number): Promise<CopyRun> => {
      await Deno.writeTextFile(path, mutated(text, mutant));
      try {
        return await run(copy, args, limit, stop);
      } finally {
        await Deno.writeTextFile(path, text);
      }
    };
    let accepted: Promise<boolean> | null = null;
    const isAccepted = () =>
      accepted ??= attempt(["check", mutant.file], SOUND_LIMIT_MILLISECONDS).then(({ code }) => code === 0);
    const verdict = (verdict: Verdict, by: string | null = null): Judgement => ({ mutant, verdict, by });
    const stages = nearest.of(mutant.file);
    for (const [index, stage] of stages.entries()) {
      // Of a mutant that is left by the first stage, the check costs less than the tests that follow.
      if (index === 1 && !await isAccepted()) break;
      const { tests, limit } = await planOf(stage, copy);
      if (tests.length === 0) continue;
      const { code, output } = await attempt([...TEST, ...tests], limit);
      if (stop.aborted) break;
      if (code === null) return verdict("hung");
      if (code !== 0) return verdict("noticed", failedFile(output));
    }
    const mayBeCommitted = await isAccepted();
    return verdict(stop.aborted ? "not tried" : mayBeCommitted ? "survived" : "refused");
  };
}

/** The file of the first failure that `deno test` lists: `name => ./tests/room/file_test.ts:12:6`. */
function failedFile(output: string): string | null {
  return / => \.\/(tests\/\S+?\.ts):\d+/.exec(output)?.[1] ?? null;
}
