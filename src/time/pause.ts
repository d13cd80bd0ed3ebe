// A wait by a clock that a signal ends early.
import { type Clock, systemClock } from "./clock.ts";

/** Resolves after that time, or as soon as the signal is aborted, and leaves neither timer nor listener. */
export function pause(milliseconds: number, signal: AbortSignal, clock: Clock = systemClock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => {
    cancel();
    signal.removeEventListener("abort", end);
    resolve();
  };
  const cancel = clock.schedule(milliseconds, end);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  return promise;
}
