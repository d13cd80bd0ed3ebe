// What must not be seen, as it becomes known: the secrets of the options for good, and those that the last two loads met
// in the environment, and the last two readings in the files of Redis' connection. Logs, answers and records pass through
// one mask.
import { openTextMasker } from "../diagnostic/text_masker.ts";

/** The secrets that are known, and the mask for them. */
export interface MaskedSecrets {
  /** Replaces what must not be seen. */
  mask(text: string): string;
  /** Takes what the last load met in the environment. */
  remember(found: readonly string[]): void;
  /** Takes the secrets of the connection to Redis, after they changed. */
  rotate(found: readonly string[]): void;
}

/** Masks the secrets of the options for good, and of those that change the latest and those before them. */
export function maskedSecrets(always: readonly string[]): MaskedSecrets {
  const maskerOf = openTextMasker();
  let loads: readonly (readonly string[])[] = [];
  let connections: readonly (readonly string[])[] = [];
  let masker = maskerOf(always);
  const renew = () => masker = maskerOf([always, ...loads, ...connections].flat());
  return {
    mask: (text) => masker(text),
    remember(found) {
      loads = [found, ...loads].slice(0, 2);
      renew();
    },
    rotate(found) {
      connections = [found, ...connections].slice(0, 2);
      renew();
    },
  };
}
