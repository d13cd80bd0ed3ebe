// What must not be seen, as it becomes known: the secrets of the options for good, and those that the last two loads met
// in the environment. Logs, answers and records pass through one mask.
import { openTextMasker } from "../diagnostic/text_masker.ts";

/** The secrets that are known, and the mask for them. */
export interface MaskedSecrets {
  /** Replaces what must not be seen. */
  mask(text: string): string;
  /** Takes what the last load met in the environment. */
  remember(found: readonly string[]): void;
}

/** Masks the secrets of the options, and those that the last two loads met in the environment. */
export function maskedSecrets(always: readonly string[]): MaskedSecrets {
  let recent: readonly string[] = [];
  const maskerOf = openTextMasker();
  let masker = maskerOf(always);
  return {
    mask: (text) => masker(text),
    remember(found) {
      masker = maskerOf([...always, ...recent, ...found]);
      recent = found;
    },
  };
}
